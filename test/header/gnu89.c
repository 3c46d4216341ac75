/* SPDX-License-Identifier: MIT */
/* Under gnu89 inline each file would define magpool_alloc. */
#ifndef GOOD
#include <magpool/magpool.h>
#endif

typedef int not_empty;
