/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints that nobody has switched on. */
#ifndef SHIM_TRACEPOINT_H
#define SHIM_TRACEPOINT_H

#define TP_PROTO(...)	__VA_ARGS__
#define TRACE_EVENT(name, proto, args, entry, assign, print)		\
	static inline void trace_##name(proto)				\
	{								\
	}

#endif /* SHIM_TRACEPOINT_H */
