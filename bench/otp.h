/* Time-based passcodes (RFC 6238: SHA-1, 6 digits, 30 s) for the PAM driver. */
#ifndef OTP_H
#define OTP_H

#include <stdint.h>

/* Takes a Base32 secret of at most 64 bytes, without padding. */
void otp_secret(const char *base32);

/* The passcode of a counter or time step. */
unsigned otp(uint64_t counter);

/* A passcode that no step within 1,600 of this one has, so that the skew search of a module cannot find it. */
unsigned otp_wrong(uint64_t step);

#endif
