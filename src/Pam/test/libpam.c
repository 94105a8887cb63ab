/*
 * Loads the module through the real libpam, goes through a whole login on one handle, and says on stdout what came of
 * it: `conv STYLE TEXT`, `rc PHASE CODE`, `syslog LINE`, `stack SECRET` where a secret was left on the stack.
 *
 *   libpam MODULE ANSWER SECRET [ARGUMENT...]
 *
 * Its /dev/log is its own, in a mount namespace, so it runs as root. An ARGUMENT with blanks is put in [ ] for libpam.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <security/pam_appl.h>

static const char *answer;

static void check(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(2);
    }
}

static int converse(int count, const struct pam_message **message, struct pam_response **response, void *data)
{
    (void)count, (void)data;
    printf("conv %d %s\n", message[0]->msg_style, message[0]->msg);
    *response = calloc(1, sizeof **response);
    (*response)->resp = strdup(answer);
    return PAM_SUCCESS;
}

static int open_dev_log(void)
{
    struct sockaddr_un address = { AF_UNIX, "/dev/log" };
    int log = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    check(unshare(CLONE_NEWNS) == 0, "libpam: unshare (run the tests as root)");
    /* In a chroot / need not be a mount point. Entering the namespace leads to its own root, which is one. */
    int root = open("/", O_PATH | O_DIRECTORY), real = open("/proc/self/ns/mnt", O_RDONLY);
    check(setns(real, CLONE_NEWNS) == 0, "libpam: setns");
    check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "libpam: mount --make-rprivate /");
    check(fchdir(root) == 0 && chroot(".") == 0, "libpam: chroot");
    check(mount("none", "/dev", "tmpfs", 0, NULL) == 0, "libpam: mount a tmpfs on /dev");
    check(bind(log, (struct sockaddr *)&address, sizeof address) == 0, "libpam: bind /dev/log");
    return log;
}

static void write_line(FILE *file, const char *phase, int argc, char **argv)
{
    fprintf(file, "%s required %s", phase, argv[1]);
    for (int i = 4; i < argc; i++)
        fprintf(file, strchr(argv[i], ' ') ? " [%s]" : " %s", argv[i]);
    fputc('\n', file);
}

/* What the module's frames left below ours. The pages are there: the module has just used them. */
__attribute__((noinline, no_sanitize("address")))
static void search_stack(const char *secret)
{
    const char *top = __builtin_frame_address(0);
    size_t length = strlen(secret);

    for (const volatile char *p = top - 80 * 1024; p < top - 1024; p++) {
        size_t i = 0;
        while (i < length && p[i] == secret[i])
            i++;
        if (i == length) {
            printf("stack %s\n", secret);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    struct pam_conv conv = { converse, NULL };
    pam_handle_t *pamh = NULL;
    char folder[] = "/tmp/sallyport-pam-XXXXXX", path[64], line[2048];

    check(argc >= 4, "libpam: too few arguments");
    answer = argv[2];
    int log = open_dev_log();
    check(mkdtemp(folder) != NULL, "libpam: mkdtemp");
    snprintf(path, sizeof path, "%s/sallyport-test", folder);
    FILE *file = fopen(path, "w");
    check(file != NULL, path);
    write_line(file, "auth", argc, argv);
    write_line(file, "account", argc, argv);
    fputs("account required pam_permit.so\n", file);
    write_line(file, "session", argc, argv);
    fclose(file);

    int code = pam_start_confdir("sallyport-test", "root", &conv, folder, &pamh);
    check(code == PAM_SUCCESS, "libpam: pam_start_confdir");
    pam_putenv(pamh, "SSH_CONNECTION=192.0.2.1 40000 192.0.2.2 22");
    code = pam_authenticate(pamh, 0);
    search_stack(argv[3]);
    printf("rc auth %d\n", code);
    printf("rc setcred %d\n", pam_setcred(pamh, PAM_ESTABLISH_CRED));
    printf("rc account %d\n", pam_acct_mgmt(pamh, 0));
    printf("rc session %d\n", pam_open_session(pamh, 0));
    printf("rc close %d\n", pam_close_session(pamh, 0));
    printf("rc chauthtok %d\n", pam_chauthtok(pamh, 0));
    pam_end(pamh, code);

    for (ssize_t length; (length = recv(log, line, sizeof line - 1, 0)) > 0;) {
        line[length] = '\0';
        printf("syslog %s\n", line);
    }
    unlink(path);
    rmdir(folder);
    return 0;
}
