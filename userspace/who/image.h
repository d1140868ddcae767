/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IMAGE_H
#define IMAGE_H

/**
 * image_name - of which image a container was made, as its runtime was told
 * @root: of the host
 * @id: the container's
 *
 * From the files in which Docker, containerd, CRI-O and Podman, if root runs
 * them, keep it. Allocated, NULL if none of them has it.
 */
char *image_name(int root, const char *id);

#endif
