# Bastide. Non-recursive; everything goes into build/. "make help" says what there is.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)	$(2)')

VERSION	:= 0.1.0
B	:= build
ifeq ($(origin CC),default)
CC	:= gcc
endif
CLANG	?= clang
PREFIX	?= /usr
LIBEXEC	?= $(PREFIX)/lib/bastide

WARN	:= -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow \
	   -Wstrict-prototypes -Wmissing-prototypes -Werror
HARD	:= -fPIE -fstack-protector-strong -fstack-clash-protection \
	   -fcf-protection=full -fno-common
LDHARD	:= -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed,--build-id=none
REPRO	:= -ffile-prefix-map=$(CURDIR)=. -Wdate-time
OPT	?= -O2 -g
DEFS	:= -DVERSION='"$(VERSION)"' -DBASTIDE_LIBEXEC='"$(LIBEXEC)"' -Icommon
# The checks confuse the compiler about ranges it knows in the plain build.
SANFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	   -fno-omit-frame-pointer -Wno-format-truncation -DBASTIDE_SANITIZE

# Libraries, by room. A room links its own and no other; --as-needed drops
# what none of its objects uses.
L_common	:= -lyaml -lcap -lseccomp
L_privd		:= -lyaml -lcap -lseccomp -lmnl
L_cryptod	:= -lsodium -lcrypto $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),-lIPSec_MB) \
		   -lsecp256k1 -lyaml -lcap -lseccomp
L_netd		:= -levent_core -levent_extra -lsodium -ljansson -lcap -lseccomp -lresolv -lm
L_bastidectl	:= -ljansson -lsodium -lsecp256k1 -lyaml -lcap
L_dird		:= -levent_core -levent_extra -ljansson -lsodium -lcrypto -lsecp256k1 -lcap -lseccomp -lpthread
L_macroctl	:= -ljansson -lyaml -lcap -lseccomp
PROGS		:= privd netd cryptod dird macroctl bastidectl
D_privd		:= privd
D_netd		:= netd
D_cryptod	:= cryptod
D_bastidectl	:= ctl
D_dird		:= dird
D_macroctl	:= macroctl
D_common	:= common

HDRS	:= $(wildcard common/*.h common/*.def privd/*.h privd/*.def netd/*.h \
	   netd/*.def macroctl/*.h macroctl/macros.d/*.h cryptod/*.h cryptod/*.def ctl/*.h ctl/*.def dird/*.h dird/*.def)
src	= $(wildcard $(D_$(1))/*.c)
objs	= $(patsubst %.c,$(2)/%.o,$(filter-out %/main.c,$(call src,$(1))))
# A test names its room in its first lines, "room: netd", and what it shares with
# others beside it: "with: wire".
room	= $(shell sed -n 's/.*room: *\([a-z]*\).*/\1/p;10q' $(1) | head -n 1)
with	= $(patsubst %,$(dir $(1))%.c,$(shell sed -n 's/.*with: *\([a-z_./ ]*\).*/\1/p;10q' $(1)))

all: $(PROGS:%=$(B)/%) $(B)/bastide-verify planners
	@:

help:
	@echo 'make              the programs, into build/'
	@echo 'sudo make run     install what is missing, build, start a node here'
	@echo 'sudo make demo    two nodes in two namespaces, a picture of it'
	@echo 'sudo make check   install what is missing, build, run every test'
	@echo 'make fuzz TIME=s  each fuzz target for that many seconds'
	@echo 'make sim          a mesh of many nodes in one process, as a table'
	@echo 'make calm         how often its nodes change their parents at rest'
	@echo 'make heal         how soon a small one talks again after a death'
	@echo 'make lost         why pairs of them have not found each other'
	@echo 'sudo make bench   speed beside every other tunnel that is installed: ROUNDS=, CONTESTANTS='
	@echo 'sudo make bench-house   start-up, memory, idle, handshakes'
	@echo 'make bench-micro        ring, AEAD by size, headers, routes: ns and instructions'
	@echo 'make verify-static   bastide-verify without any library beside it'
	@echo 'sudo make bench-dird   appends, imports, start-up, proofs; beside SQLite'
	@echo 'sudo make bench-mesh    how soon everybody reaches everybody, again after a death'
	@echo 'sudo make bench-hostile honest traffic beside a peer that floods'
	@echo 'sudo make bench-lend    from a sudo call to granted, grants a second, 10,000 of them'
	@echo 'sudo make bench-limits  memory and longest tick with 250 peers, 10,000 places'
	@echo 'sudo make install    programs, accounts, unit, manual pages, a first configuration'
	@echo 'sudo make uninstall  takes them away; configuration, identity, accounts stay'
	@echo 'sudo make purge      takes those away too'

# ---- one set of rules a variant: $(1) folder, $(2) compiler, $(3) flags, $(4) link flags
define variant
$(1)/%.o: %.c $$(HDRS) Makefile
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(2) $$(WARN) $(3) $$(REPRO) $$(DEFS) -I$$(<D) -c -o $$@ $$<
$(1)/libcommon.a: $(call objs,common,$(1))
	@rm -f $$@ && ar rcsD $$@ $$^
endef
define archive
$(1)/lib$(2).a: $(call objs,$(2),$(1))
	@rm -f $$@ && ar rcsD $$@ $$^
endef
define program
$(call archive,$(1),$(4))
$(1)/bin/$(4): $(1)/$(D_$(4))/main.o $(1)/lib$(4).a $(1)/libcommon.a
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$(2) $(3) -o $$@ $$< $(1)/lib$(4).a $(1)/libcommon.a $(L_$(4))
endef
# bastide-verify reads what dird writes with dird's own modules, and no room.
define verifier
$(1)/verify/%.o: DEFS += -Idird
$(1)/bin/bastide-verify: $(1)/verify/main.o $(1)/libdird.a $(1)/libcommon.a
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$(2) $(3) -o $$@ $$^ $(L_dird)
endef

O	:= $(B)/obj
$(eval $(call variant,$(O),$(CC),$(OPT) $(HARD) -D_FORTIFY_SOURCE=2))
$(foreach p,$(PROGS),$(eval $(call program,$(O),$(CC),$(OPT) $(HARD) $(LDHARD),$(p))))
$(eval $(call verifier,$(O),$(CC),$(OPT) $(HARD) $(LDHARD)))
S	:= $(B)/san
$(eval $(call variant,$(S),$(CC),$(SANFLAGS)))
$(foreach p,$(PROGS),$(eval $(call program,$(S),$(CC),$(SANFLAGS),$(p))))
$(eval $(call verifier,$(S),$(CC),$(SANFLAGS)))
K	:= $(B)/clang
$(eval $(call variant,$(K),$(CLANG),-O1))
$(foreach p,$(PROGS),$(eval $(call program,$(K),$(CLANG),-O1,$(p))))
$(eval $(call verifier,$(K),$(CLANG),-O1))
F	:= $(B)/fuzzobj
FUZZFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	   -fno-sanitize-recover=all -DBASTIDE_SANITIZE
$(eval $(call variant,$(F),$(CLANG),$(FUZZFLAGS)))
$(foreach p,$(PROGS),$(eval $(call program,$(F),$(CLANG),$(FUZZFLAGS),$(p))))
$(eval $(call verifier,$(F),$(CLANG),$(FUZZFLAGS)))

# Planners: static, each by itself, beside macroctl as the installed ones are.
MACROS	:= $(patsubst macroctl/macros.d/%.yaml,%,$(wildcard macroctl/macros.d/*.yaml))
planners: $(MACROS:%=$(B)/macros.d/%) $(MACROS:%=$(B)/macros.d/%.yaml)
$(B)/macros.d/%.yaml: macroctl/macros.d/%.yaml
	@mkdir -p -m 755 $(@D)
	$(Q)install -m 644 $< $@
$(B)/macros.d/%: macroctl/macros.d/%.c macroctl/macros.d/planner.h Makefile
	@mkdir -p -m 755 $(@D)
	$(call say,PLANNER,$@)
	$(Q)$(CC) $(WARN) $(OPT) $(HARD) -D_FORTIFY_SOURCE=2 $(REPRO) -static-pie \
	    -Wl,-z,relro,-z,now,-z,noexecstack,--build-id=none -o $@ $< && chmod 755 $@

PEOPLE	:= $(PROGS) bastide-verify
$(PEOPLE:%=$(B)/%): $(B)/%: $(O)/bin/%
	@cp -f $< $@
# For a machine that has none of our libraries: an auditor's.
verify-static: $(B)/bastide-verify.static
$(B)/bastide-verify.static: $(O)/verify/main.o $(O)/libdird.a $(O)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(OPT) -static -o $@ $^ -ljansson -lsodium -lcrypto -lsecp256k1
sanitized: $(PEOPLE:%=$(S)/bin/%)
clang: $(PEOPLE:%=$(K)/bin/%)

# ---- tests: unit, liar, drill programs (sanitized), fuzz targets (clang)
TESTC	:= $(wildcard tests/unit/test_*.c tests/liar/liar_*.c tests/drill/*.c)
TESTH	:= $(wildcard tests/*.h tests/unit/*.h tests/liar/*.h)
TESTS	:= $(TESTC:tests/%.c=$(B)/tests/%)
FUZZC	:= $(wildcard tests/fuzz/*.c)
FUZZ	:= $(FUZZC:tests/fuzz/%.c=$(B)/fuzz/%)
arch	= $(if $(filter common,$(1)),,$(2)/lib$(1).a) $(2)/libcommon.a
# A drill is its own program; the others' main() is in tests/suite.c.
suite	= $(if $(filter tests/drill/%,$(1)),,$(S)/tests/suite.o)

# $(1) source, $(2) room, $(3) what it shares
define testprog
$(1:tests/%.c=$(B)/tests/%): $(1) $(3) $(call suite,$(1)) $(call arch,$(2),$(S)) $$(HDRS) $$(TESTH)
	@mkdir -p $$(@D)
	$$(call say,TEST,$$@)
	$$(Q)$(CC) $$(WARN) $(SANFLAGS) $$(DEFS) -I$(D_$(2)) -Itests -o $$@ $(1) $(3) $(call suite,$(1)) \
	    $(call arch,$(2),$(S)) $$(shell pkg-config --cflags --libs check) $(L_$(2)) -lpthread
endef
define fuzzprog
$(1:tests/fuzz/%.c=$(B)/fuzz/%): $(1) $(call arch,$(2),$(F)) $$(HDRS)
	@mkdir -p $$(@D)
	$$(call say,FUZZ,$$@)
	$$(Q)$(CLANG) $$(WARN) -Wno-missing-prototypes $$(subst fuzzer-no-link,fuzzer,$(FUZZFLAGS)) \
	    $$(DEFS) -I$(D_$(2)) -o $$@ $(1) $(call arch,$(2),$(F)) $(L_$(2))
endef
$(foreach t,$(TESTC),$(eval $(call testprog,$(t),$(call room,$(t)),$(call with,$(t)))))
$(foreach t,$(FUZZC),$(eval $(call fuzzprog,$(t),$(call room,$(t)))))
tests: $(TESTS)
fuzzers: $(FUZZ)

# ---- documents made from the tables
$(B)/gen/%: docs/gen_%.c $(O)/libcommon.a $(HDRS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) -O1 $(DEFS) -o $@ $< $(O)/libcommon.a -Wl,--as-needed $(L_common)
docs: $(B)/gen/msg $(B)/gen/conf
	$(B)/gen/msg > docs/MESSAGES.md
	$(B)/gen/conf > docs/configuration.md

# ---- what people call
run demo check bench bench-house bench-dird bench-micro bench-mesh bench-limits bench-hostile bench-lend: deps = @sh scripts/deps.sh build
run:
	$(deps) run
	@$(MAKE) --no-print-directory all
	@sh scripts/run.sh
demo:
	$(deps) demo
	@$(MAKE) --no-print-directory all
	@bash scripts/demo.sh
check:
	$(deps) demo check
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash tests/run.sh
fuzz: fuzzers
	@bash tests/fuzz.sh $(or $(TIME),60)
# Others' binaries by FIPS_BIN=, WIREGUARD_GO=, YGGDRASIL=.
BENCHTOOLS := calib pinger pps
$(BENCHTOOLS:%=$(B)/%): $(B)/%: bench/%.c bench/netns.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) $(OPT) -o $@ $< -lpthread
bench:
	$(deps) demo bench
	@$(MAKE) --no-print-directory all $(BENCHTOOLS:%=$(B)/%)
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/bench.sh
bench-dird:
	$(deps) bench
	@$(MAKE) --no-print-directory all $(B)/dird_bench $(B)/dird_load
	@$(B)/dird_bench
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/dird_room.sh
$(B)/dird_load: bench/dird_load.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) $(OPT) -o $@ $< -lpthread
# SQLite only stands beside it here; nothing else links it.
$(B)/dird_bench: bench/dird_bench.c $(O)/libdird.a $(O)/libcommon.a
	$(Q)$(CC) $(WARN) $(OPT) $(DEFS) -Idird -o $@ $< $(O)/libdird.a $(O)/libcommon.a $(L_dird) -lsqlite3
# Modules of two rooms in one program: those of netd are named, for names meet.
MICROMODS := frame nexthop route tree tree_choose tree_msg bloom bloom_filter coords coords_cache coords_show seg merge ip6
bench-micro:
	$(deps) bench
	@$(MAKE) --no-print-directory $(B)/micro
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/micro.sh
$(B)/micro: bench/micro.c $(O)/libcryptod.a $(O)/libcommon.a $(MICROMODS:%=$(O)/netd/%.o) $(HDRS)
	$(Q)$(CC) $(WARN) $(OPT) $(DEFS) -Icryptod -Inetd -o $@ $(filter %.c %.o,$^) \
	    $(O)/libcryptod.a $(O)/libcommon.a $(L_cryptod) -lm
bench-house:
	$(deps) demo
	@$(MAKE) --no-print-directory all $(B)/hs_bench
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/house.sh
$(B)/hs_bench: bench/hs_bench.c $(O)/libcryptod.a $(O)/libcommon.a
	$(Q)$(CC) $(WARN) $(OPT) $(DEFS) -Icryptod -o $@ $< $(O)/libcryptod.a $(O)/libcommon.a $(L_cryptod)
bench-mesh:
	$(deps) demo
	@$(MAKE) --no-print-directory all
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/mesh.sh
bench-lend:
	$(deps) demo check bench
	@$(MAKE) --no-print-directory all $(B)/lend_bench
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/lend.sh
$(B)/lend_bench: bench/lend_bench.c $(O)/libcommon.a $(HDRS)
	$(Q)$(CC) $(WARN) $(OPT) $(DEFS) -o $@ $< $(O)/libcommon.a
bench-hostile:
	$(deps) demo
	@$(MAKE) --no-print-directory all
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/hostile.sh
bench-limits:
	$(deps) demo
	@$(MAKE) --no-print-directory all $(B)/crowd
	@BASTIDE_BUILD=$(CURDIR)/$(B) bash bench/limits.sh
CROWDMODS := frame fsp tree_msg coords bloom_filter
$(B)/crowd: bench/crowd.c $(O)/libcryptod.a $(O)/libcommon.a $(CROWDMODS:%=$(O)/netd/%.o)
	$(Q)$(CC) $(WARN) $(OPT) $(DEFS) -Icryptod -o $@ $(filter %.c %.o,$^) \
	    $(O)/libcryptod.a $(O)/libcommon.a $(L_cryptod) -lm

# Each line: mode, file, where it goes. install and uninstall read the same list.
SHARE	:= $(PREFIX)/share
define INSTALLED
755 $(B)/privd $(LIBEXEC)/privd
755 $(B)/netd $(LIBEXEC)/netd
755 $(B)/cryptod $(LIBEXEC)/cryptod
755 $(B)/dird $(LIBEXEC)/dird
755 $(B)/macroctl $(LIBEXEC)/macroctl
$(foreach k,$(MACROS),755 $(B)/macros.d/$(k) $(LIBEXEC)/macros.d/$(k)
644 $(B)/macros.d/$(k).yaml $(LIBEXEC)/macros.d/$(k).yaml
)755 $(B)/bastidectl $(PREFIX)/bin/bastidectl
755 $(B)/bastide-verify $(PREFIX)/bin/bastide-verify
644 man/bastidectl.1 $(SHARE)/man/man1/bastidectl.1
644 man/bastide-verify.1 $(SHARE)/man/man1/bastide-verify.1
644 man/fips.yaml.5 $(SHARE)/man/man5/fips.yaml.5
644 man/privd.8 $(SHARE)/man/man8/privd.8
644 man/dird.8 $(SHARE)/man/man8/dird.8
644 man/macroctl.8 $(SHARE)/man/man8/macroctl.8
644 docs/macros.md $(SHARE)/doc/bastide/macros.md
644 docs/directory.md $(SHARE)/doc/bastide/directory.md
644 sudoers/bastide $(SHARE)/doc/bastide/sudoers
644 macroctl/tor/bastide.torrc $(SHARE)/doc/bastide/bastide.torrc
644 docs/configuration.md $(SHARE)/doc/bastide/configuration.md
644 etc/fips.yaml.example $(SHARE)/doc/bastide/fips.yaml.example
644 ctl/completion/bastidectl.bash $(SHARE)/bash-completion/completions/bastidectl
644 ctl/completion/_bastidectl $(SHARE)/zsh/vendor-completions/_bastidectl
$(foreach p,$(wildcard apparmor/bastide-*),644 $(p) /etc/apparmor.d/$(notdir $(p))
)644 apparmor/bastide/common /etc/apparmor.d/bastide/common
644 $(B)/bastide.service /lib/systemd/system/bastide.service
644 $(B)/bastide-config.service /lib/systemd/system/bastide-config.service
644 systemd/bastide-config.timer /lib/systemd/system/bastide-config.timer
644 systemd/bastide.sysusers $(PREFIX)/lib/sysusers.d/bastide.conf
endef
export INSTALLED
$(B)/bastide.service: systemd/bastide.service Makefile
	@mkdir -p $(@D)
	$(Q)sed 's|/usr/lib/bastide|$(LIBEXEC)|' $< > $@
$(B)/bastide-config.service: systemd/bastide-config.service Makefile
	@mkdir -p $(@D)
	$(Q)sed 's|/usr/bin/|$(PREFIX)/bin/|' $< > $@
install: all $(B)/bastide.service $(B)/bastide-config.service
	@sh scripts/install.sh install '$(DESTDIR)'
installed:
	@printf '%s\n' "$$INSTALLED"
uninstall purge:
	@sh scripts/install.sh $@ '$(DESTDIR)'

# The whole mesh in one process: make sim SEED=1 NODES="100 1000 10000"
SIMMODS	:= tree tree_choose tree_msg bloom bloom_filter coords coords_cache coords_show lookup lookup_table lookup_msg mmp nexthop
$(B)/meshsim: $(wildcard tests/sim/*.c tests/sim/*.h) $(SIMMODS:%=$(O)/netd/%.o)
	@mkdir -p $(@D)
	$(CC) $(WARN) $(OPT) $(DEFS) -Inetd -o $@ $(filter %.c %.o,$^) -lsodium -lm
sim: $(B)/meshsim
	@$(B)/meshsim $(or $(SEED),1) $(or $(NODES),100 1000)

# How often the nodes of a mesh at rest change their parents: make calm SEED=1 NODES=100
calm: $(B)/meshsim
	@$(B)/meshsim calm $(or $(SEED),1) $(or $(NODES),100)

# Why pairs have not found each other: make lost SEED=2 NODES=10000
lost: $(B)/meshsim
	@$(B)/meshsim lost $(or $(SEED),1) $(or $(NODES),1000)

# How soon a mesh of 20 talks again after a death: make heal SEED=1 RUNS=1000 LOSS=3
heal: $(B)/meshsim
	@$(B)/meshsim heal $(or $(SEED),1) $(or $(RUNS),1000) $(or $(LOSS),3)

clean:
	rm -rf $(B)

.PHONY: all planners help verify-static sanitized clang tests fuzzers docs run demo check fuzz sim calm lost heal \
	bench bench-house bench-dird bench-micro bench-mesh bench-limits bench-hostile bench-lend install installed uninstall purge clean
