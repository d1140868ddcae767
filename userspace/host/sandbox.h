/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SANDBOX_H
#define SANDBOX_H

/**
 * enum sandbox_need - what a subcommand does besides reading and printing
 * @SANDBOX_CREATE: create a file, and write to one
 * @SANDBOX_WRITE: open existing files for writing, and remove directories
 * @SANDBOX_SPAWN: start this program once more, and write to existing files
 * @SANDBOX_SIGNAL: signal other processes
 * @SANDBOX_REPLACE: with @SANDBOX_CREATE, put the new file in the place of another
 * @SANDBOX_COLLECT: with @SANDBOX_CREATE, make processes that run no other program, give a new file
 *	its name, and end processes
 * @SANDBOX_SERVE: accept connections on sockets that listen already
 */
enum sandbox_need {
	SANDBOX_CREATE = 1,
	SANDBOX_WRITE = 2,
	SANDBOX_SPAWN = 4,
	SANDBOX_SIGNAL = 8,
	SANDBOX_REPLACE = 16,
	SANDBOX_COLLECT = 32,
	SANDBOX_SERVE = 64,
};

/**
 * sandbox_enter() - from now on, only what the subcommand needs
 * @needs: of enum sandbox_need
 *
 * Capabilities are dropped, and system calls filtered if built with libseccomp. For this
 * process and all that it starts, permanently; a later call does nothing. Prints what prevents
 * it; the subcommand continues without.
 */
void sandbox_enter(unsigned int needs);

/* Built with libseccomp? */
#ifdef HAVE_LIBSECCOMP
#define SANDBOX_BUILT " +seccomp"
#else
#define SANDBOX_BUILT " -seccomp"
#endif

#endif
