/*
 * libFuzzer on the shim. The first two bytes of an input choose the operation, whether the agent leaves the last answer
 * unread (the highest bit of the first), what there is about break_glass=, and how the world behaves. Where there is such
 * an argument, a byte of its length and its value follow; the rest is what the agent sends. No kernel is involved: the
 * system calls below stand in for it.
 *
 * Beyond crashes it checks the verdict against a second, plainer reading of the same bytes, and that what the shim sent
 * is a hello, then one answer for each prompt.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "../test/fake_pam.h"

enum { AGENT = 77 };
enum { DRIBBLE = 1, TOKEN_FAILS = 2, SILENT_AT_END = 4, NO_ANSWER = 8, CONV_FAILS = 16, FIRST_PASS = 32,
       INTERRUPTS = 64, STRETCHED = 128 };
enum { GLASS = 1, TWICE = 2, SUDO = 4, NO_INFO = 8, PASSWORD = 16, NO_SOCKET = 32 }; /* first byte, without the op */
#define BREAK_GLASS "break_glass="
enum { STRETCH = 0xEE, STRETCH_LENGTH = 8191 }; /* one byte of the input that becomes many, to reach long frames */

static const uint8_t *input;
static size_t input_left;
static unsigned behaviour, glass, calls, is_open, prompts, alerts;
static uint8_t sent[1 << 20];
static size_t sent_length;
static bool unread;
static int64_t clock_us = 1;

#define REQUIRE(condition) do { if (!(condition)) { fprintf(stderr, "fuzz: not %s\n", #condition); abort(); } } while (0)

/* ---- The kernel ---- */

static int fuzz_clock_gettime(clockid_t clock, struct timespec *now)
{
    REQUIRE(clock == CLOCK_MONOTONIC);
    *now = (struct timespec){ .tv_sec = clock_us / 1000000, .tv_nsec = clock_us % 1000000 * 1000 };
    return 0;
}

static time_t fuzz_time(time_t *seconds)
{
    REQUIRE(seconds == NULL);
    return 1798761600; /* 2027-01-01 */
}

static int fuzz_socket(int domain, int type, int protocol)
{
    REQUIRE(domain == AF_UNIX && protocol == 0 && !is_open);
    REQUIRE(type == (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK));
    is_open = 1;
    return AGENT;
}

static int fuzz_connect(int fd, const struct sockaddr *address, socklen_t size)
{
    REQUIRE(fd == AGENT && address->sa_family == AF_UNIX && size == sizeof(struct sockaddr_un));
    errno = ENOENT;
    return glass & NO_SOCKET ? -1 : 0;
}

static int fuzz_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    REQUIRE(fd == AGENT && level == SOL_SOCKET && name == SO_PEERCRED && *size == sizeof(struct ucred));
    *(struct ucred *)value = (struct ucred){ 1, 0, 0 };
    return 0;
}

static int fuzz_ioctl(int fd, unsigned long request, int *left)
{
    REQUIRE(fd == AGENT && request == SIOCOUTQ);
    *left = unread ? 11 : 0;
    return 0;
}

static int fuzz_close(int fd)
{
    REQUIRE(fd == AGENT && is_open);
    is_open = 0;
    return 0;
}

/* Every third call comes back empty-handed, where the input asks for that. */
static int interrupted(void)
{
    if (!(behaviour & INTERRUPTS) || ++calls % 3 != 0)
        return 0;
    errno = calls % 2 == 0 ? EINTR : EAGAIN;
    return 1;
}

static int fuzz_poll(struct pollfd *agent, nfds_t count, int timeout)
{
    REQUIRE(count == 1 && agent->fd == AGENT && timeout > 0 && timeout <= 90000);
    if (interrupted()) {
        errno = EINTR;
        return -1;
    }
    if ((behaviour & SILENT_AT_END) && agent->events == POLLIN && input_left == 0)
        return 0;
    agent->revents = agent->events;
    return 1;
}

static ssize_t fuzz_recv(int fd, void *buffer, size_t room, int flags)
{
    REQUIRE(fd == AGENT && is_open && room > 0);
    if (flags == 0 && interrupted())
        return -1;
    if (input_left == 0 && (behaviour & SILENT_AT_END)) {
        errno = EAGAIN;
        return -1;
    }
    size_t length = behaviour & DRIBBLE ? 1 + calls++ % 7 : room;
    length = length < room ? length : room;
    length = length < input_left ? length : input_left;
    memcpy(buffer, input, length);
    input += length;
    input_left -= length;
    return (ssize_t)length;
}

static ssize_t fuzz_sendmsg(int fd, const struct msghdr *message, int flags)
{
    REQUIRE(fd == AGENT && is_open && flags == MSG_NOSIGNAL);
    if (interrupted())
        return -1;
    size_t limit = behaviour & DRIBBLE ? 1 + calls++ % 7 : SIZE_MAX, start = sent_length;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        size_t length = message->msg_iov[i].iov_len < limit ? message->msg_iov[i].iov_len : limit;
        REQUIRE(sent_length + length <= sizeof sent);
        memcpy(sent + sent_length, message->msg_iov[i].iov_base, length);
        sent_length += length;
        limit -= length;
    }
    return (ssize_t)(sent_length - start);
}

/* ---- The rest of libc, and the application ---- */

static void fuzz_openlog(const char *name, int option, int facility)
{
    REQUIRE(strcmp(name, glass & SUDO ? "sudo(pam_google_auth)" : "sshd(pam_google_auth)") == 0 && option == LOG_PID && facility == 0);
}

static void fuzz_vsyslog(int priority, const char *format, va_list arguments)
{
    char *text = NULL;
    REQUIRE((priority & ~LOG_PRIMASK) == LOG_AUTHPRIV);
    /* A format is the shim's own: what the agent says only ever fills one in. */
    REQUIRE(strcmp(format, "%.*s") == 0 || strncmp(format, "pam_sallyport: %s %s: ", 22) == 0
            || strncmp(format, "BREAK-GLASS account %.200s", 26) == 0);
    REQUIRE(vasprintf(&text, format, arguments) >= 0); /* reads every byte */
    alerts += strncmp(text, "BREAK-GLASS account ada is used while", 37) == 0;
    free(text);
}

static int application(int count, const struct pam_message **message, struct pam_response **response, void *data)
{
    (void)data;
    int style = message[0]->msg_style;

    REQUIRE(count == 1 && message[0]->msg != NULL);
    free(strdup(message[0]->msg));
    if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)
        prompts++;
    if (behaviour & CONV_FAILS)
        return PAM_CONV_ERR;
    *response = calloc(1, sizeof **response);
    if (!(behaviour & NO_ANSWER))
        (*response)->resp = strdup("123456");
    return PAM_SUCCESS;
}

#define clock_gettime fuzz_clock_gettime
#define time(seconds) fuzz_time(seconds)
#define socket fuzz_socket
#define connect fuzz_connect
#define getsockopt fuzz_getsockopt
#define ioctl fuzz_ioctl
#define close fuzz_close
#define poll fuzz_poll
#define recv fuzz_recv
#define sendmsg fuzz_sendmsg
#define openlog fuzz_openlog
#define vsyslog fuzz_vsyslog
#define closelog() ((void)0)
#include "../pam_sallyport.c"

/* ---- The same bytes, read once more ---- */

static bool is_date_to_come(const char *text)
{
    static const char days[] = "312831303130313130313031";
    static const char form[] = "dddd-dd-dd";

    for (size_t i = 0; i < sizeof form; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    int year = atoi(text), month = atoi(text + 5), day = atoi(text + 8);
    if (month < 1 || month > 12 || day < 1)
        return false;
    int last = (days[month * 2 - 2] - '0') * 10 + days[month * 2 - 1] - '0';
    last += month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= last && strcmp(text, "2027-01-01") > 0;
}

/* Without a verdict. */
static int unheard(int op, const char *value)
{
    bool open = op == 2 && (glass & GLASS) && !(glass & (TWICE | SUDO | NO_INFO | PASSWORD))
        && strncmp(value, "ada:", 4) == 0 && is_date_to_come(value + 4);
    return open ? PAM_SUCCESS : op == 2 ? PAM_PERM_DENIED : PAM_AUTH_ERR;
}

static int expected(int op, const uint8_t *bytes, size_t left, bool token_fails, const char *value)
{
    static const int codes[3][5] = {
        { -1, PAM_SUCCESS, PAM_IGNORE, PAM_AUTH_ERR, PAM_AUTHINFO_UNAVAIL },
        { -1, -1, PAM_IGNORE, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL },
        { -1, PAM_SUCCESS, -1, PAM_PERM_DENIED, PAM_PERM_DENIED },
    };
    int refusal = op == 2 ? PAM_PERM_DENIED : PAM_AUTH_ERR;

    if (glass & NO_SOCKET)
        return unheard(op, value);
    for (int frame = 1; frame <= 256; frame++) {
        if (left < 5)
            return unheard(op, value);
        size_t length = (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4];
        const uint8_t *payload = bytes + 5;
        if (length > 65536)
            return refusal;
        if (length > left - 5)
            return unheard(op, value);
        if (bytes[0] == 'V') {
            bool clean = !unread && length == 1 && left == 6 && payload[0] < 5 && codes[op][payload[0]] >= 0;
            return !clean ? refusal : op == 2 && payload[0] == 4 ? unheard(op, value) : codes[op][payload[0]];
        }
        if (bytes[0] == 'L' ? length == 0 || payload[0] > 7 || memchr(payload + 1, 0, length - 1) != NULL
                            : op != 0 || bytes[0] == 0 || strchr("PQIET", bytes[0]) == NULL || memchr(payload, 0, length) != NULL)
            return refusal;
        if (bytes[0] == 'T' && token_fails)
            return refusal;
        bytes = payload + length;
        left -= 5 + length;
    }
    return refusal;
}

static void check_sent(void)
{
    unsigned answers = 0;

    for (size_t at = 0; at < sent_length;) {
        REQUIRE(sent_length - at >= 5);
        size_t length = (size_t)sent[at + 1] << 24 | (size_t)sent[at + 2] << 16 | (size_t)sent[at + 3] << 8 | sent[at + 4];
        REQUIRE(length <= 65536 && length <= sent_length - at - 5);
        if (at == 0)
            REQUIRE(sent[at] == 'H' && length > 0 && sent[4 + length] == 0);
        else if (behaviour & (CONV_FAILS | NO_ANSWER))
            REQUIRE(sent[at] == 'X' && length == 0);
        else
            REQUIRE(sent[at] == 'A' && length == 6 && memcmp(sent + at + 5, "123456", 6) == 0);
        answers += at > 0;
        at += 5 + length;
    }
    REQUIRE(answers == prompts);
}

/* What the agent sends: the input, or the input with its STRETCH bytes blown up. */
static const uint8_t *stretch(const uint8_t *bytes, size_t *length)
{
    static uint8_t stretched[1 << 18];
    size_t used = 0;

    if (!(behaviour & STRETCHED))
        return bytes;
    for (size_t i = 0; i < *length && used + STRETCH_LENGTH <= sizeof stretched; i++) {
        size_t copies = bytes[i] == STRETCH ? STRETCH_LENGTH : 1;
        memset(stretched + used, bytes[i] == STRETCH ? 'x' : bytes[i], copies);
        used += copies;
    }
    *length = used;
    return stretched;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const entry[])(pam_handle_t *, int, int, const char **) = {
        pam_sm_authenticate, pam_sm_acct_mgmt, pam_sm_open_session,
    };
    static char argument[sizeof BREAK_GLASS + 255];
    const char *value = argument + sizeof BREAK_GLASS - 1;
    const char *arguments[4] = { "nullok" };
    int count = 1;

    if (size < 2)
        return 0;
    int op = (data[0] & 0x7F) % 3;
    unread = (data[0] & 0x80) != 0;
    glass = (data[0] & 0x7F) / 3;
    behaviour = data[1];
    size_t said = !(glass & GLASS) || size < 3 ? 0 : data[2] < size - 3 ? data[2] : size - 3;
    size_t start = 2 + ((glass & GLASS) && size > 2) + said, length = size - start;
    const uint8_t *bytes = stretch(data + start, &length);
    snprintf(argument, sizeof argument, "%s%.*s", BREAK_GLASS, (int)said, said > 0 ? (const char *)data + 3 : "");
    input = bytes;
    input_left = length;
    calls = prompts = alerts = 0;
    clock_us = 1;
    sent_length = 0;

    struct pam_handle handle = { .conv = { application, NULL }, .token_fails = (behaviour & TOKEN_FAILS) != 0 };
    handle.item[PAM_USER] = "ada";
    handle.item[PAM_SERVICE] = glass & SUDO ? "sudo" : "sshd";
    if (!(glass & NO_INFO))
        handle.environment[0] = glass & PASSWORD ? "SSH_AUTH_INFO_0=password" : "SSH_AUTH_INFO_0=publickey ssh-rsa AA";
    for (unsigned i = 0; i < ((glass & GLASS) == 0 ? 0u : glass & TWICE ? 2u : 1u); i++)
        arguments[count++] = argument;
    if (behaviour & FIRST_PASS) {
        handle.authtok = strdup("before");
        arguments[count++] = "use_first_pass";
    }
    errno = 0;
    int code = entry[op](&handle, 0, count, arguments);

    REQUIRE(code == expected(op, bytes, length, handle.token_fails, value));
    REQUIRE(alerts > 0 || code != PAM_SUCCESS || op != 2 || bytes[length - 1] == 1); /* the verdict is the last byte */
    REQUIRE((handle.data != NULL) == (op == 0 && code == PAM_SUCCESS));
    REQUIRE(!is_open && errno == 0);
    check_sent();
    fake_pam_end(&handle);
    return 0;
}
