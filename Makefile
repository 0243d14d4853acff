# Bastide. Non-recursive; everything goes into build/.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

VERSION	:= 0.1.0
B	:= build
CC	?= gcc
ifeq ($(origin CC),default)
CC	:= gcc
endif

WARN	:= -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow \
	   -Wstrict-prototypes -Wmissing-prototypes -Werror
HARD	:= -fPIE -fstack-protector-strong -fstack-clash-protection \
	   -fcf-protection=full -D_FORTIFY_SOURCE=2 -fno-common
LDHARD	:= -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
REPRO	:= -ffile-prefix-map=$(CURDIR)=. -Wdate-time
CFLAGS	?= -O2 -g
DEFS	:= -DVERSION='"$(VERSION)"' -Icommon

# Libraries, by room.
L_privd		:= -lyaml -lcap -lseccomp -lmnl
L_cryptod	:= -lsodium -lsecp256k1 -lyaml -lcap -lseccomp
L_netd		:= -levent_core -levent_extra -lsodium -ljansson -lcap -lseccomp -lresolv
L_bastidectl	:= -ljansson
ROOMS		:= privd netd cryptod
PROGS		:= $(ROOMS) bastidectl
DIR_bastidectl	:= ctl
dirof		= $(or $(DIR_$(1)),$(1))

ALLC		:= $(wildcard common/*.c privd/*.c netd/*.c cryptod/*.c ctl/*.c)
HDRS		:= $(wildcard common/*.h common/*.def */*.h */*.def)

all: $(PROGS:%=$(B)/%) $(B)/docs.stamp

# variant(name, cc, cflags, ldflags): object rules, archives and programs
# under $(B)/obj-name/. Programs link their own objects and what they need of
# libcommon.a, nothing else.
define variant
$(B)/obj-$(1)/%.o: %.c $$(HDRS) Makefile
	@mkdir -p $$(@D)
	$(2) $$(WARN) $(3) $$(REPRO) $$(DEFS) -I$$(firstword $$(subst /, ,$$<)) -c -o $$@ $$<
$(B)/obj-$(1)/libcommon.a: $(patsubst %.c,$(B)/obj-$(1)/%.o,$(wildcard common/*.c))
	@rm -f $$@
	ar rcsD $$@ $$^
$(foreach p,$(PROGS),$(call program,$(1),$(2),$(4),$(p),$(call dirof,$(p))))
endef
define program
$(B)/obj-$(1)/lib$(4).a: $(patsubst %.c,$(B)/obj-$(1)/%.o,$(filter-out %/main.c,$(wildcard $(5)/*.c)))
	@rm -f $$@
	ar rcsD $$@ $$^
$(B)/obj-$(1)/$(4): $(B)/obj-$(1)/$(5)/main.o $(B)/obj-$(1)/lib$(4).a $(B)/obj-$(1)/libcommon.a
	$(2) $(3) -o $$@ $$< -Wl,--whole-archive $(B)/obj-$(1)/lib$(4).a -Wl,--no-whole-archive $(B)/obj-$(1)/libcommon.a $(L_$(4))

endef
