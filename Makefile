# SPDX-License-Identifier: GPL-2.0
#
# make            the reporter and the module for the running kernel
# make demo       a real miner, caught in a virtual machine
# make check      every test
# make bench      instructions per context switch
# make help       the rest

KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
# ARCH=arm64: demo, bench, matrix, deb, rpm and programs are for arm64, whatever this machine is.
ARCH	?= amd64

all: reporter module

help:
	@echo 'make [all]          the reporter, and the module for the running kernel (KDIR=$(KDIR))'
	@echo 'make demo           a real miner, caught in a virtual machine; ARCH=arm64: on an arm64 one'
	@echo 'make check          every test; make check-unit, check-vm, check-fleet: some of it; make check-long: more'
	@echo 'make check-debug    the module on kernels that find faults: KASAN, lockdep, KCSAN, PREEMPT_RT'
	@echo 'make matrix         every kernel that Debian has packages of: build, boot, run the cases'
	@echo 'make fuzz           parsers and the rule under libFuzzer; SECONDS=3600'
	@echo 'make bench          instructions per context switch, beside bpftrace'
	@echo 'make lint           checkpatch, sparse, W=1, cppcheck, shellcheck'
	@echo 'make shell          a prompt in the virtual machine'
	@echo 'sudo make install   module (DKMS) and reporter; make uninstall'
	@echo 'make deb, make rpm  packages, in build/deb and build/rpm; ARCH=arm64: of the reporter for arm64'
	@echo 'make repo           signed repositories of them, in build/repo; GPG_KEY=FINGERPRINT'
	@echo 'make clean          all but downloads; make distclean: those too'

reporter:
	@$(MAKE) -s -C userspace O=../build

module:
	@[ -d "$(KDIR)" ] || { \
		echo "no kernel headers at $(KDIR): install linux-headers-$(KVER), or set KDIR"; exit 1; }
	@mkdir -p build/module/host
	@cp -R module/. build/module/host/
	@$(MAKE) -C "$(KDIR)" M="$(CURDIR)/build/module/host" modules
	@echo 'built build/module/host/roundwatch.ko'

# What the unit tests and the virtual machine run.
ifeq ($(ARCH),arm64)
programs:
	@scripts/cross arm64 $(MAKE) -s -C userspace O=../build/arm64 ../build/arm64/roundwatch ../build/arm64/mkrecord
	@scripts/cross arm64 $(MAKE) -s -C tests/vm O=../../build/arm64
else
programs: reporter
	@$(MAKE) -s -C userspace O=../build ../build/mkrecord
	@$(MAKE) -s -C tests/unit O=../../build
	@$(MAKE) -s -C tests/vm O=../../build
endif

demo:
ifeq ($(ARCH),arm64)
	@scripts/deps build vm
	@$(MAKE) -s programs
else
	@scripts/deps build vm demo
	@$(MAKE) -s reporter
	@$(MAKE) -s -C tests/vm O=../../build
endif
	@scripts/demo $(ARCH)

check:
	@scripts/check

check-unit check-vm check-long check-debug:
	@scripts/check $(@:check-%=%)

check-fleet:
	@scripts/check fleet engines

matrix:
	@scripts/deps build vm demo chroot
	@scripts/matrix --dkms --arch $(ARCH)

fuzz:
	@scripts/deps build fuzz
	@$(MAKE) -s -C tests/fuzz O=../../build
	@tests/fuzz/run $(SECONDS)

bench:
	@scripts/deps build vm bench
	@scripts/bench $(ARCH)

# The reporter to PREFIX, the module to DKMS, which builds it for the running kernel and for those
# to come. Says what is missing before it begins.
install:
	@scripts/install

uninstall:
	@scripts/install uninstall

deb rpm:
	@scripts/deps build packages
ifeq ($(ARCH),arm64)
	@scripts/deps chroot
endif
	@ARCH=$(ARCH) scripts/package $@

# With GPG_KEY and REPO_URL from the command line or the environment.
export GPG_KEY REPO_URL
repo:
	@scripts/deps repo
	@scripts/repo

lint:
	@scripts/deps build vm lint
	@scripts/lint

shell:
	@scripts/deps build vm
	@scripts/vm shell

clean:
	rm -rf $(filter-out build/cache build/kernels build/boot build/chroot build/foreign,$(wildcard build/*))

distclean:
	@for suite in $(notdir $(wildcard build/chroot/*)); do scripts/chroot remove $$suite; done
	rm -rf build


.PHONY: all help install uninstall deb rpm repo reporter module programs demo check check-unit check-vm check-fleet check-long check-debug matrix fuzz bench lint shell clean distclean
