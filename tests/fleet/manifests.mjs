// SPDX-License-Identifier: GPL-2.0
// Looks over what kustomize made. See usage.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseAllDocuments } from 'yaml';

const usage = `usage: manifests.mjs schema FILE       each object fits the schema of its kind
       manifests.mjs references FILE   what names another thing names one that is there
       manifests.mjs privileges FILE   print what the containers may do; nothing may be more than that
       manifests.mjs args FILE         print the arguments of each container, one line each
       manifests.mjs oci FILE NAME IMAGE PROFILE
                                       print what a runtime gets for the container NAME; MAJOR, MINOR and ALLOW
                                       stand for the device's numbers and the directory of the allow list; IMAGE
                                       has the configuration of the image, PROFILE the runtime's seccomp profile
`;

const [what, file, name, image, profile] = process.argv.slice(2);
const commands = { schema, references, privileges, args, oci };
if (!commands[what] || process.argv.length !== (what === 'oci' ? 7 : 4)) {
	process.stderr.write(usage);
	process.exit(2);
}
const objects = parseAllDocuments(readFileSync(file, 'utf8')).map(document => document.toJS());
const daemonset = objects.find(object => object.kind === 'DaemonSet');
const pod = daemonset.spec.template.spec;
let faults = 0;

function fault(text) {
	console.log(text);
	faults++;
}

// The schema of Kernel Module Management's Module is in no package; references() looks at it.
async function schema() {
	for (const object of objects) {
		const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
		if (group === 'kmm.sigs.x-k8s.io')
			continue;
		const packaged = group === 'monitoring.coreos.com' ? '@kubernetes-models/prometheus-operator/' : 'kubernetes-models/';
		const models = await import(`${packaged}${group ? `${group}/` : ''}${version}/${object.kind}`);
		try {
			new models[object.kind](object).validate();
		} catch (error) {
			fault(`${object.kind} ${object.metadata.name}: ${error.message}`);
		}
	}
}

function named(kind, name, by) {
	if (!objects.some(object => object.kind === kind && object.metadata.name === name))
		fault(`${by} names ${kind} ${name}, which is not there`);
}

function references() {
	const volumes = new Set(pod.volumes.map(volume => volume.name));
	const ports = [];
	const labels = daemonset.spec.template.metadata.labels;

	named('ServiceAccount', pod.serviceAccountName, 'DaemonSet');
	for (const { configMap } of pod.volumes)
		if (configMap)
			named('ConfigMap', configMap.name, 'DaemonSet');
	for (const container of pod.containers) {
		for (const mount of container.volumeMounts)
			if (!volumes.delete(mount.name) && !pod.volumes.some(volume => volume.name === mount.name))
				fault(`${container.name} mounts ${mount.name}, which is not there`);
		for (const port of container.ports ?? []) {
			ports.push(port.name);
			if (!container.args.some(arg => arg.endsWith(`:${port.containerPort}`)))
				fault(`${container.name} does not listen on its port ${port.containerPort}`);
		}
		const probe = container.livenessProbe;
		if (probe && !ports.includes(probe.httpGet.port))
			fault(`${container.name} is probed on ${probe.httpGet.port}, which is not there`);
	}
	for (const volume of volumes)
		fault(`nobody mounts ${volume}`);
	for (const monitor of objects.filter(object => object.kind === 'PodMonitor')) {
		for (const endpoint of monitor.spec.podMetricsEndpoints)
			if (!ports.includes(endpoint.port))
				fault(`PodMonitor reads ${endpoint.port}, which is not there`);
		for (const [key, value] of Object.entries(monitor.spec.selector.matchLabels))
			if (labels[key] !== value)
				fault(`PodMonitor selects ${key}=${value}, which the pods are not`);
	}
	for (const module of objects.filter(object => object.kind === 'Module')) {
		const { container, serviceAccountName } = module.spec.moduleLoader;
		named('ServiceAccount', serviceAccountName, 'Module');
		if (container.modprobe.moduleName !== 'roundwatch')
			fault('Module loads another module');
		for (const mapping of container.kernelMappings) {
			const containerfile = mapping.build.dockerfileConfigMap.name;
			named('ConfigMap', containerfile, 'Module');
			const map = objects.find(object => object.metadata.name === containerfile);
			if (!map.data.dockerfile.includes(`${container.modprobe.dirName}/lib/modules/`))
				fault('the image does not have the module where modprobe looks for it');
			if (!mapping.containerImage.includes('${KERNEL_FULL_VERSION}'))
				fault('all kernels have one image');
		}
	}
}

function privileges() {
	for (const key of ['hostNetwork', 'hostIPC', 'automountServiceAccountToken'])
		if (pod[key])
			fault(`the pod has ${key}`);
	for (const container of pod.containers) {
		const context = container.securityContext;
		console.log(`${container.name}: ${context.privileged ? 'privileged' : (context.capabilities?.add ?? []).join(' ')}`);
		if (!context.readOnlyRootFilesystem)
			fault(`${container.name} may write`);
		if (!context.privileged && (context.allowPrivilegeEscalation !== false || context.capabilities.drop[0] !== 'ALL'))
			fault(`${container.name} keeps more than it needs`);
		for (const mount of container.volumeMounts)
			if (!mount.readOnly)
				fault(`${container.name} may write to ${mount.mountPath}`);
	}
}

function args() {
	for (const container of pod.containers)
		console.log(container.args.join(' ').replaceAll('$(POD_IP)', '127.0.0.1'));
}

// A runtime gives a privileged container all of them; these are what the reporter could have use for.
const all = ['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'KILL', 'SYSLOG', 'SYS_ADMIN', 'SYS_PTRACE'];

// A profile of containers-common, as runtimes make it of that for a container with these capabilities.
function seccomp(held) {
	const { defaultAction, defaultErrnoRet, archMap, syscalls } = JSON.parse(readFileSync(profile, 'utf8'));
	const { architecture, subArchitectures } = archMap.find(one => one.architecture === 'SCMP_ARCH_X86_64');
	const concerns = ({ includes, excludes }) => (includes.caps ?? []).every(one => held.includes(one)) &&
		(!includes.arches || includes.arches.includes('amd64')) && !(excludes.caps ?? []).some(one => held.includes(one)) &&
		!(excludes.arches ?? []).includes('amd64');

	return {
		defaultAction, defaultErrnoRet, architectures: [architecture, ...subArchitectures],
		syscalls: syscalls.filter(concerns).map(({ names, action, args, errnoRet }) => ({ names, action, args: args ?? [], errnoRet })),
	};
}

// As kubelet and a runtime make it of the pod: its own network, the node's processes.
function oci() {
	const container = pod.containers.find(one => one.name === name);
	const { privileged, capabilities, runAsUser, readOnlyRootFilesystem, allowPrivilegeEscalation, seccompProfile } = container.securityContext;
	const held = (privileged ? all : capabilities.add ?? []).map(capability => `CAP_${capability}`);
	const { User, Env, Entrypoint } = JSON.parse(readFileSync(image, 'utf8'));
	const [uid, gid] = runAsUser === undefined ? User.split(':').map(Number) : [runAsUser, 0];
	const additionalGids = pod.securityContext?.supplementalGroups ?? [];
	const device = { type: 'c', major: 'MAJOR', minor: 'MINOR' };
	const mounts = [{ destination: '/proc', type: 'proc', source: 'proc' }];

	if (!container.volumeMounts.some(mount => mount.mountPath === '/dev'))
		mounts.push({ destination: '/dev', type: 'tmpfs', source: 'tmpfs' });
	for (const mount of container.volumeMounts) {
		const volume = pod.volumes.find(one => one.name === mount.name);
		mounts.push({ destination: mount.mountPath, type: 'none', source: volume.hostPath?.path ?? 'ALLOW',
			      options: ['rbind', mount.readOnly ? 'ro' : 'rw', 'rprivate'] });
	}
	console.log(JSON.stringify({
		ociVersion: '1.0.2',
		process: {
			user: { uid, gid, additionalGids }, cwd: '/', noNewPrivileges: allowPrivilegeEscalation === false,
			args: [...Entrypoint, ...container.args].map(arg => arg.replace('$(POD_IP)', '127.0.0.1')),
			env: Env,
			capabilities: { bounding: held, effective: held, permitted: held },
		},
		root: { path: 'rootfs', readonly: readOnlyRootFilesystem },
		mounts,
		linux: {
			cgroupsPath: `/kubepods/burstable/pod0b1fae31-5e7d-4d0c-9c0e-0f1a2b3c4d5f/${name}`,
			seccomp: seccompProfile?.type === 'RuntimeDefault' && !privileged ? seccomp(held) : undefined,
			namespaces: ['mount', 'ipc', 'uts', 'network', ...(privileged ? [] : ['cgroup'])].map(type => ({ type })),
			devices: privileged ? [] : [{ ...device, path: '/dev/roundwatch' }],
			resources: { devices: privileged ? [{ allow: true, access: 'rwm' }] :
				[{ allow: false, access: 'rwm' }, { ...device, allow: true, access: 'r' }] },
			maskedPaths: privileged ? [] : ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats',
				'/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware'],
			readonlyPaths: privileged ? [] : ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
		},
	}).replaceAll(/"(MAJOR|MINOR)"/g, '$1'));
}

await commands[what]();
process.exit(faults ? 1 : 0);
