/* conf_table.c -- paths and defaults of conf.def, for rooms that read no YAML. */
#include "conf.h"

const char *const conf_path[CONF_NUM_MAX] = {
#define NUM(NAME, path, kind, def, lo, hi, doc)	path,
#include "conf.def"
};

const uint64_t conf_default[CONF_NUM_MAX] = {
#define NUM(NAME, path, kind, def, lo, hi, doc)	def,
#include "conf.def"
};

const char *const conf_txt_path[CONF_TXT_MAX] = {
#define TXT(NAME, path, max, def, doc)	path,
#include "conf.def"
};

const char *const conf_aead_word[CONF_AEAD_WORDS] = {
	"auto", "libsodium", "libcrypto", "ipsec-mb"
};
