/* As much of libpam as the shim uses, so that a test can make every call of it fail. */
#pragma once

#include <stdbool.h>

#include <security/pam_modules.h>
#include <security/pam_modutil.h>

enum { FAKE_ITEMS = 16, FAKE_VARIABLES = 8 };

struct pam_handle {
    const char *item[FAKE_ITEMS];
    const char *environment[FAKE_VARIABLES]; /* NAME=VALUE */
    struct pam_conv conv;
    char *authtok;                           /* allocated */
    const void *data;                        /* the one thing the shim keeps */
    char data_name[64];
    bool user_fails;
    bool token_fails;
};

void fake_pam_end(pam_handle_t *pamh);
