#define _GNU_SOURCE
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_pam.h"

int pam_get_item(const pam_handle_t *pamh, int type, const void **value)
{
    if (type == PAM_CONV)
        *value = &pamh->conv;
    else if (type == PAM_AUTHTOK)
        *value = pamh->authtok;
    else if (type > 0 && type < FAKE_ITEMS)
        *value = pamh->item[type];
    else
        return PAM_BAD_ITEM;
    return PAM_SUCCESS;
}

int pam_set_item(pam_handle_t *pamh, int type, const void *value)
{
    if (type != PAM_AUTHTOK || pamh->token_fails)
        return PAM_BUF_ERR;
    free(pamh->authtok);
    pamh->authtok = strdup(value);
    return PAM_SUCCESS;
}

int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
    (void)prompt;
    if (pamh->user_fails)
        return PAM_CONV_ERR;
    *user = pamh->item[PAM_USER];
    return PAM_SUCCESS;
}

const char *pam_getenv(pam_handle_t *pamh, const char *name)
{
    size_t length = strlen(name);

    for (int i = 0; i < FAKE_VARIABLES && pamh->environment[i] != NULL; i++)
        if (strncmp(pamh->environment[i], name, length) == 0 && pamh->environment[i][length] == '=')
            return pamh->environment[i] + length + 1;
    return NULL;
}

int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                 void (*cleanup)(pam_handle_t *pamh, void *data, int error_status))
{
    if (cleanup != NULL)
        abort(); /* libpam would call it after the shim's last word; the shim has nothing to clean up */
    snprintf(pamh->data_name, sizeof pamh->data_name, "%s", name);
    pamh->data = data;
    return PAM_SUCCESS;
}

/* As in Linux-PAM, data that was set to NULL is still there. */
int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
    if (strcmp(pamh->data_name, name) != 0)
        return PAM_NO_MODULE_DATA;
    *data = pamh->data;
    return PAM_SUCCESS;
}

/* Two names of uid 0, one that is nobody's, and everybody else. */
struct passwd *pam_modutil_getpwnam(pam_handle_t *pamh, const char *user)
{
    static struct passwd account;

    (void)pamh;
    account.pw_uid = strcmp(user, "root") == 0 || strcmp(user, "toor") == 0 ? 0 : 1000;
    return strcmp(user, "ghost") == 0 ? NULL : &account;
}

void fake_pam_end(pam_handle_t *pamh)
{
    free(pamh->authtok);
    pamh->authtok = NULL;
}
