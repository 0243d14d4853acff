/* liar.c -- what every liar needs: chance, and ends that cannot be mistaken. */
#include "liar.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

unsigned	 seed;

const char	*__asan_default_options(void);
const char	*__ubsan_default_options(void);
int		 __sanitizer_install_malloc_and_free_hooks(
		    void (*)(const volatile void *, size_t),
		    void (*)(const volatile void *));

/* A sanitizer's complaint must not look like a room's own way out, status 1. */
const char *
__asan_default_options(void)
{
	return "exitcode=66:detect_leaks=0";
}

const char *
__ubsan_default_options(void)
{
	return "exitcode=66:halt_on_error=1";
}

uint32_t
any(uint32_t n)
{
	return (uint32_t)random() % n;
}

static void
on_malloc(const volatile void *p, size_t len)
{
	(void)p;
	(void)len;
	_exit(ALLOCATED);
}

static void
on_free(const volatile void *p)
{
	(void)p;
}

void
forbid_memory(void)
{
	if (!__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free))
		_exit(ALLOCATED);
}
