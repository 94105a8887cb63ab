/*
 * Runs the shim, compiled in with sanitizers, against a PAM of our own, and says on stdout what it did:
 *
 *   conv STYLE HEX | log PRIORITY IDENT HEX | wiped BYTES | authtok HEX | rc CODE | left WHAT
 *
 * `left` is something that the shim left behind in its process; there must be none. Bytes are written in hex.
 *
 *   driver [-n TIMES] [-u USER] [-s SERVICE] [-r RUSER] [-R RHOST] [-t TTY] [-e NAME=VALUE] [-k AUTHTOK] [-a ANSWER]
 *          [-f error|silent|empty|none] [-w ANSWER_AFTER_MS] [-c SECONDS] [-U] [-T] [-i] [-E] OP[,OP...] [ARGUMENT...]
 *   driver serve PATH UID      listen as that uid, and say how many bytes a caller sent
 *
 * -f: how the application fails to answer. -c: the time of day, as time(2) has it. -U: pam_get_user fails. -T: PAM_AUTHTOK
 * cannot be set. -i: a signal every 2 ms. -E: errno is EAGAIN beforehand. The operations of one list share one PAM handle; -n repeats them on a new one.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake_pam.h"

static time_t clock_seconds = 1798761600; /* 2027-01-01 */
static const char *answer = "123456", *failure = "";
static int answer_after_ms, errno_before = 4242;
static char ident[256];
static volatile sig_atomic_t alarms;

static void hex(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", (unsigned char)bytes[i]);
    putchar('\n');
}

/* ---- What the shim calls in libc and the test wants to see ---- */

time_t time(time_t *seconds)
{
    if (seconds != NULL)
        *seconds = clock_seconds;
    return clock_seconds;
}

void openlog(const char *name, int option, int facility)
{
    (void)option;
    if (facility != 0)
        printf("left facility\n");
    snprintf(ident, sizeof ident, "%s", name);
}

void vsyslog(int priority, const char *format, va_list arguments)
{
    char *line = NULL;
    int length = vasprintf(&line, format, arguments);
    printf("log %d %s ", priority, ident);
    hex(line, (size_t)length);
    free(line);
}

void closelog(void) { ident[0] = '\0'; }

void explicit_bzero(void *memory, size_t length)
{
    memset(memory, 0, length);
    __asm__ __volatile__("" : : "r"(memory) : "memory");
    printf("wiped %zu\n", length);
}

/* ---- The application ---- */

static int converse(int count, const struct pam_message **message, struct pam_response **response, void *data)
{
    (void)data;
    int style = message[0]->msg_style;

    printf("conv %d ", style);
    hex(message[0]->msg, strlen(message[0]->msg));
    if (count != 1)
        printf("left %d messages at once\n", count);
    if (answer_after_ms > 0)
        usleep((useconds_t)answer_after_ms * 1000);
    if (strcmp(failure, "error") == 0)
        return PAM_CONV_ERR;
    if (strcmp(failure, "silent") == 0)
        return PAM_SUCCESS;
    *response = calloc(1, sizeof **response);
    if (strcmp(failure, "empty") != 0 && (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON))
        (*response)->resp = strdup(answer);
    return PAM_SUCCESS;
}

static void on_alarm(int signal)
{
    (void)signal;
    alarms++;
}

/* ---- What a library must not leave behind ---- */

struct process {
    unsigned char open[1024];
    struct sigaction action[NSIG];
    sigset_t mask;
    int threads;
};

static int count(const char *path, unsigned char *seen)
{
    DIR *folder = opendir(path);
    int entries = 0;

    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int number = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || number == dirfd(folder))
            continue;
        entries++;
        if (seen != NULL && number < 1024)
            seen[number] = 1;
    }
    closedir(folder);
    return entries;
}

static void look(struct process *process)
{
    memset(process, 0, sizeof *process);
    count("/proc/self/fd", process->open);
    process->threads = count("/proc/self/task", NULL);
    for (int i = 1; i < NSIG; i++)
        sigaction(i, NULL, &process->action[i]);
    sigprocmask(SIG_SETMASK, NULL, &process->mask);
}

static void compare(const struct process *before, const struct process *after)
{
    if (memcmp(before->open, after->open, sizeof before->open) != 0)
        printf("left descriptor\n");
    if (before->threads != after->threads)
        printf("left thread\n");
    for (int i = 1; i < NSIG; i++)
        if (before->action[i].sa_handler != after->action[i].sa_handler
            || before->action[i].sa_flags != after->action[i].sa_flags)
            printf("left disposition of signal %d\n", i);
    for (int i = 1; i < NSIG; i++)
        if (sigismember(&before->mask, i) != sigismember(&after->mask, i))
            printf("left mask of signal %d\n", i);
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
        printf("left child\n");
    if (ident[0] != '\0')
        printf("left ident\n");
}

static void run(pam_handle_t *pamh, const char *op, int argc, const char **argv)
{
    static const struct { const char *name; int (*function)(pam_handle_t *, int, int, const char **); } entry[] = {
        { "auth", pam_sm_authenticate }, { "setcred", pam_sm_setcred }, { "account", pam_sm_acct_mgmt },
        { "session", pam_sm_open_session }, { "close", pam_sm_close_session },
    };
    static struct process before, after;

    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) {
        if (strcmp(op, entry[i].name) != 0)
            continue;
        look(&before);
        errno = errno_before;
        int code = entry[i].function(pamh, 0, argc, argv);
        if (errno != errno_before)
            printf("left errno\n");
        look(&after);
        compare(&before, &after);
        if (pamh->authtok != NULL) {
            printf("authtok ");
            hex(pamh->authtok, strlen(pamh->authtok));
        }
        printf("rc %d\n", code);
        fflush(stdout);
        return;
    }
    fprintf(stderr, "driver: no operation %s\n", op);
    exit(2);
}

static int serve(const char *path, uid_t uid)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char bytes[4096];
    ssize_t total = 0, received;
    int server = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || setresuid(uid, uid, uid) != 0
        || listen(server, 4) != 0) {
        perror("driver: serve");
        return 2;
    }
    printf("listening\n");
    fflush(stdout);
    int peer = accept(server, NULL, NULL);
    while ((received = read(peer, bytes, sizeof bytes)) > 0)
        total += received;
    printf("received %zd\n", total);
    return 0;
}

int main(int argc, char **argv)
{
    struct pam_handle template = { .conv = { converse, NULL } };
    int times = 1, variables = 0, interrupted = 0;
    const char *authtok = NULL;

    if (argc == 4 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], (uid_t)atoi(argv[3]));
    template.item[PAM_USER] = "ada";
    template.item[PAM_SERVICE] = "sshd";
    for (int option; (option = getopt(argc, argv, "+n:u:s:r:R:t:e:k:a:f:w:c:UTiE")) != -1;)
        switch (option) {
        case 'n': times = atoi(optarg); break;
        case 'u': template.item[PAM_USER] = *optarg == '-' ? NULL : optarg; break;
        case 's': template.item[PAM_SERVICE] = *optarg == '-' ? NULL : optarg; break;
        case 'r': template.item[PAM_RUSER] = optarg; break;
        case 'R': template.item[PAM_RHOST] = optarg; break;
        case 't': template.item[PAM_TTY] = optarg; break;
        case 'e': template.environment[variables++] = optarg; break;
        case 'k': authtok = optarg; break;
        case 'a': answer = optarg; break;
        case 'f': failure = optarg; break;
        case 'w': answer_after_ms = atoi(optarg); break;
        case 'c': clock_seconds = atoll(optarg); break;
        case 'U': template.user_fails = true; break;
        case 'T': template.token_fails = true; break;
        case 'i': interrupted = 1; break;
        case 'E': errno_before = EAGAIN; break;
        default: return 2;
        }
    if (optind == argc || variables >= FAKE_VARIABLES)
        return 2;
    if (strcmp(failure, "none") == 0)
        template.conv.conv = NULL;

    signal(SIGPIPE, SIG_DFL);
    if (interrupted) {
        struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART: system calls return EINTR */
        struct itimerval every = { { 0, 2000 }, { 0, 2000 } };
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &every, NULL);
    }

    for (int i = 0; i < times; i++) {
        struct pam_handle handle = template;
        char *ops = strdup(argv[optind]), *rest = ops;
        if (authtok != NULL)
            handle.authtok = strdup(authtok);
        for (char *op; (op = strsep(&rest, ",")) != NULL;)
            run(&handle, op, argc - optind - 1, (const char **)argv + optind + 1);
        fake_pam_end(&handle);
        free(ops);
    }
    if (interrupted && alarms == 0)
        printf("left no signal to interrupt it\n");
    return 0;
}
