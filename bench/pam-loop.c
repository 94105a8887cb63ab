/*
 * pam-loop: runs a PAM auth module with a scripted conversation, as often as asked, and says what it saw.
 *
 *   pam-loop [options] -m MODULE -- [module options]
 *
 * The stack is one line, "auth required MODULE ...", in a private folder: nothing of /etc/pam.d is read or written.
 * A stack whose only module says PAM_IGNORE comes back from libpam as 6 (PAM_PERM_DENIED).
 *
 *   -B LINE    a line before the module's;  -L LINE  a line after it (both repeatable)
 *   -A TEXT    answer to the next prompt (the last one repeats); %t the passcode of now, %w a wrong one, %% a %
 *   -K BASE32  secret for %t and %w
 *   -X RC      the conversation fails with this PAM code
 *   -u USER    -R RHOST    -n ITERATIONS (1)    -w ITERATIONS before them that are not reported (0)
 *   -F TEMPLATE=STATE   before each iteration, outside the timing, STATE becomes a durable copy of TEMPLATE
 *   -k         keep the module mapped from one iteration to the next
 *   -x         a new process for each iteration, as sshd has it
 *   -e RC      exit 1 unless every iteration came back with RC
 *   -v         transcript: conversation and return code
 *
 * Without -v each iteration is one line: microseconds of pam_authenticate, microseconds from pam_start to pam_end
 * (with -x from fork to the child's answer), return code.
 */
#define _GNU_SOURCE
#include "otp.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 32, STATE_MAX = 1 << 20 };

struct result {
    double auth, whole;
    int rc;
};

static const char *answers[MOST], *user = "root", *rhost;
static int answer_count, next_answer, verbose, failure = -1;
static char folder[] = "/tmp/pam-loop.XXXXXX";

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* The raw system call: libfaketime, which freezes the clock of the module, replaces only the C library's function. */
static double now(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Found once: it takes as long as a module's own search. */
static unsigned wrong_now(void)
{
    static int found;
    static unsigned wrong;

    if (!found) {
        wrong = otp_wrong((uint64_t)time(NULL) / 30);
        found = 1;
    }
    return wrong;
}

static char *expand(const char *text)
{
    char *out = NULL;
    size_t size;
    FILE *f = open_memstream(&out, &size);

    if (!f)
        die("open_memstream");
    for (; *text; text++) {
        if (*text != '%' || !text[1])
            fputc(*text, f);
        else if (*++text == 't')
            fprintf(f, "%06u", otp((uint64_t)time(NULL) / 30));
        else if (*text == 'w')
            fprintf(f, "%06u", wrong_now());
        else
            fputc(*text, f);
    }
    fclose(f);
    return out;
}

/* One line a message: control characters and the backslash are written as \xNN. */
static void transcribe(const struct pam_message *m)
{
    static const char letter[] = {[PAM_PROMPT_ECHO_OFF] = 'P', [PAM_PROMPT_ECHO_ON] = 'Q',
                                  [PAM_ERROR_MSG] = 'E', [PAM_TEXT_INFO] = 'I'};

    printf("conv %c ", letter[m->msg_style]);
    for (const unsigned char *p = (const unsigned char *)m->msg; *p; p++) {
        if (*p < ' ' || *p == 127 || *p == '\\')
            printf("\\x%02x", *p);
        else
            putchar(*p);
    }
    putchar('\n');
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *unused)
{
    struct pam_response *out = calloc((size_t)count, sizeof *out);

    (void)unused;
    if (!out)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        int style = messages[i]->msg_style;
        if (verbose)
            transcribe(messages[i]);
        if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON)
            continue;
        if (failure >= 0) {
            free(out);
            return failure;
        }
        out[i].resp = expand(answer_count ? answers[next_answer] : "");
        if (next_answer + 1 < answer_count)
            next_answer++;
    }
    *responses = out;
    return PAM_SUCCESS;
}

static struct result login(void)
{
    struct pam_conv conversation = {converse, NULL};
    struct result r = {0};
    pam_handle_t *handle = NULL;
    double begin = now(), ask;

    next_answer = 0;
    if (pam_start_confdir("under-test", user, &conversation, folder, &handle) != PAM_SUCCESS)
        die("pam_start_confdir");
    if (rhost)
        pam_set_item(handle, PAM_RHOST, rhost);
    ask = now();
    r.rc = pam_authenticate(handle, 0);
    r.auth = now() - ask;
    pam_end(handle, r.rc);
    r.whole = now() - begin;
    return r;
}

static struct result login_in_child(void)
{
    struct result r = {0};
    int ends[2];
    double begin = now();
    pid_t child;

    fflush(stdout); /* else the child prints the parent's buffer once more */
    if (pipe(ends) || (child = fork()) < 0)
        die("fork");
    if (child == 0) {
        r = login();
        fflush(stdout);
        _exit(write(ends[1], &r, sizeof r) != sizeof r);
    }
    close(ends[1]);
    if (read(ends[0], &r, sizeof r) != sizeof r)
        r.rc = -1; /* the child died: no PAM code */
    r.whole = now() - begin;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return r;
}

/* Durable, so that the module under test pays for its own fsync and not for ours. */
static void restore(const char *template, const char *state)
{
    static char bytes[STATE_MAX];
    static ssize_t length = -1;
    static struct stat s;
    char temporary[4096];
    int f;

    if (length < 0) {
        if ((f = open(template, O_RDONLY)) < 0 || fstat(f, &s) || (length = read(f, bytes, sizeof bytes)) < 0)
            die(template);
        close(f);
    }
    snprintf(temporary, sizeof temporary, "%s.restored", state);
    f = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (f < 0 || write(f, bytes, (size_t)length) != length || fchown(f, s.st_uid, s.st_gid)
        || fchmod(f, s.st_mode & 07777) || fsync(f) || close(f) || rename(temporary, state))
        die(state);
    *strrchr(temporary, '/') = 0;
    if ((f = open(temporary, O_RDONLY | O_DIRECTORY)) < 0 || fsync(f) || close(f))
        die(temporary);
}

/* libpam takes an argument with blanks in brackets, where ] is written \]. */
static void write_argument(FILE *f, const char *argument)
{
    int quoted = strpbrk(argument, " \t[]") != NULL;

    fputs(quoted ? " [" : " ", f);
    for (; *argument; argument++) {
        if (quoted && *argument == ']')
            fputc('\\', f);
        fputc(*argument, f);
    }
    if (quoted)
        fputc(']', f);
}

static void write_stack(const char *name, const char *before, const char *module, char **arguments, const char *after)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!(f = fopen(path, "w")))
        die(path);
    fprintf(f, "%sauth required %s", before, module);
    for (; *arguments; arguments++)
        write_argument(f, *arguments);
    fprintf(f, "\n%saccount required pam_permit.so\n", after);
    fclose(f);
}

static void remove_stacks(void)
{
    char path[64];

    snprintf(path, sizeof path, "%s/under-test", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/other", folder);
    unlink(path);
    rmdir(folder);
}

static void append(char **lines, const char *line)
{
    char *longer;

    if (asprintf(&longer, "%s%s\n", *lines, line) < 0)
        die("asprintf");
    *lines = longer; /* a handful of lines in a short process: the old ones are not freed */
}

int main(int argc, char **argv)
{
    char *before = "", *after = "", *template = NULL, *state = NULL, *none[] = {NULL};
    const char *module = NULL;
    int iterations = 1, warm = 0, mapped = 0, forked = 0, expected = -1, unexpected = 0, o;

    while ((o = getopt(argc, argv, "+m:B:L:A:K:X:u:R:n:w:F:kxe:v")) != -1) {
        switch (o) {
        case 'm': module = optarg; break;
        case 'B': append(&before, optarg); break;
        case 'L': append(&after, optarg); break;
        case 'A': if (answer_count < MOST) answers[answer_count++] = optarg; break;
        case 'K': otp_secret(optarg); break;
        case 'X': failure = atoi(optarg); break;
        case 'u': user = optarg; break;
        case 'R': rhost = optarg; break;
        case 'n': iterations = atoi(optarg); break;
        case 'w': warm = atoi(optarg); break;
        case 'F': template = optarg; state = strchr(optarg, '='); break;
        case 'k': mapped = 1; break;
        case 'x': forked = 1; break;
        case 'e': expected = atoi(optarg); break;
        case 'v': verbose = 1; break;
        default: return 2;
        }
    }
    if (!module || (template && !state)) {
        fprintf(stderr, "usage: pam-loop [options] [-F TEMPLATE=STATE] -m MODULE -- [module options]\n");
        return 2;
    }
    if (state)
        *state++ = 0;

    if (!mkdtemp(folder))
        die(folder);
    atexit(remove_stacks);
    write_stack("under-test", before, module, argv + optind, after);
    write_stack("other", "", "pam_deny.so", none, "");
    if (mapped && !dlopen(module, RTLD_NOW)) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }

    for (int i = 0; i < answer_count; i++)
        free(expand(answers[i])); /* so that the search for %w is in no timing, nor in each child */

    for (int i = -warm; i < iterations; i++) {
        if (state)
            restore(template, state);
        struct result r = forked ? login_in_child() : login();
        if (verbose)
            printf("rc %d\n", r.rc);
        else if (i >= 0)
            printf("%.1f %.1f %d\n", r.auth, r.whole, r.rc);
        if (expected >= 0 && r.rc != expected) {
            fprintf(stderr, "login %d: code %d, not %d\n", i, r.rc, expected);
            unexpected = 1;
        }
    }
    return unexpected;
}
