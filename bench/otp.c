#include "otp.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { BLOCK = 64, DIGEST = 20, DIGITS = 1000000, FAR = 1600 };

static uint8_t key[BLOCK];

static uint32_t rotate(uint32_t v, int n)
{
    return v << n | v >> (32 - n);
}

/* FIPS 180-4, for messages of at most 84 bytes: one HMAC block and a digest. */
static void sha1(const uint8_t *message, size_t length, uint8_t out[DIGEST])
{
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t padded[2 * BLOCK] = {0};
    size_t total = ((length + 8) / BLOCK + 1) * BLOCK;

    memcpy(padded, message, length);
    padded[length] = 0x80;
    for (int i = 0; i < 8; i++)
        padded[total - 1 - i] = (uint8_t)((uint64_t)length * 8 >> (8 * i));

    for (size_t at = 0; at < total; at += BLOCK) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            const uint8_t *p = padded + at + 4 * i;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++)
            w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
            uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t t = rotate(a, 5) + f + e + k + w[i];
            e = d, d = c, c = rotate(b, 30), b = a, a = t;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < DIGEST; i++)
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void otp_secret(const char *base32)
{
    uint32_t bits = 0;
    int held = 0, length = 0;

    for (; *base32 && length < BLOCK; base32++) {
        int c = toupper((unsigned char)*base32);
        bits = bits << 5 | (uint32_t)(c >= 'A' ? c - 'A' : c - '2' + 26);
        held += 5;
        if (held >= 8)
            key[length++] = (uint8_t)(bits >> (held -= 8));
    }
}

unsigned otp(uint64_t counter)
{
    uint8_t message[BLOCK + DIGEST], digest[DIGEST];

    for (int i = 0; i < BLOCK; i++)
        message[i] = key[i] ^ 0x36;
    for (int i = 0; i < 8; i++)
        message[BLOCK + i] = (uint8_t)(counter >> (56 - 8 * i));
    sha1(message, BLOCK + 8, digest);
    for (int i = 0; i < BLOCK; i++)
        message[i] = key[i] ^ 0x5C;
    memcpy(message + BLOCK, digest, DIGEST);
    sha1(message, sizeof message, digest);

    const uint8_t *p = digest + (digest[DIGEST - 1] & 15); /* RFC 4226 section 5.3 */
    return (((uint32_t)p[0] & 127) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) % DIGITS;
}

unsigned otp_wrong(uint64_t step)
{
    static uint8_t taken[DIGITS];
    unsigned code = 0;

    for (uint64_t s = step - FAR; s <= step + FAR; s++)
        taken[otp(s)] = 1;
    while (taken[code])
        code++;
    return code;
}
