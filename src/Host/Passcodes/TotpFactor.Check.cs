using System.Security.Cryptography;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Host.Messages;
using Sallyport.Protocol;

namespace Sallyport.Host.Passcodes;

/// <summary>The second half of a login: the answer is there, and is judged, saved and told.</summary>
internal sealed partial class TotpFactor
{
    private sealed partial class Login
    {
        /// <param name="last">No other answer follows: a failure is counted and logged.</param>
        private CheckOutcome Check(byte[]? answer, bool prefixAllowed, bool moveCounter, bool last)
        {
            if (_exists is null)
            {
                FindAccount();
            }

            _now = time.GetUtcNow();
            if (_exists is not true)
            {
                LogInvalid();
                return CheckOutcome.Refused;
            }

            return _account!.Hold(
                conversation, reading => CheckAgain(reading, answer, prefixAllowed, moveCounter, last));
        }

        private CheckOutcome CheckAgain(
            IAccountReading reading, byte[]? answer, bool prefixAllowed, bool moveCounter, bool last)
        {
            if (reading.State is not IOtpState state || !state.TryGetSecret(out OtpSecret? secret))
            {
                conversation.Log(Priority.Error, reading.Message ?? $"\"{_account!.Path}\" changed while trying to use it");
                return CheckOutcome.Refused;
            }

            using (secret)
            {
                if (Blocked(state, count: true))
                {
                    return CheckOutcome.Refused;
                }

                var check = new CodeCheck(state, secret, options.LearnSkew && request.Trusted,
                    moveCounter && options.IncrementHotp && request.Trusted, Now, conversation.Log);
                CheckOutcome outcome = check.Try(answer, prefixAllowed, out int prefixLength);
                bool spentBefore = check.Spent is { } code && reading.WasSpent(code);
                if (spentBefore)
                {
                    conversation.Log(Priority.Error,
                        "Trying to reuse a code that was used before the machine lost its power.");
                    outcome = CheckOutcome.Refused;
                }

                _searched |= check.Searched;
                _usedBefore = check.UsedBefore || spentBefore ? prefixLength : null;
                Debug(() => outcome is CheckOutcome.Accepted ? "the answer is a code of this file" : "no code of this file");
                if (check.Searched && outcome is not CheckOutcome.NoMatch)
                {
                    Debug(() => $"looked for a clock that is off; the learned skew is {state.TimeSkew} steps");
                }

                if (outcome is CheckOutcome.NoMatch && !last)
                {
                    return outcome;
                }

                return Conclude(outcome, check.Spent, reading, state,
                    answer.AsSpan(0, outcome is CheckOutcome.Accepted ? prefixLength : 0));
            }
        }

        private CheckOutcome Conclude(
            CheckOutcome outcome, (CodeKind, long)? spent, IAccountReading reading, IOtpState state,
            ReadOnlySpan<byte> password)
        {
            bool accepted = outcome is CheckOutcome.Accepted;
            bool remembered = !accepted || options.GraceSeconds == 0 || !request.Trusted || (state is StateFile file
                && GracePeriod.Remember(file, request.RemoteHost, Now, conversation.Log));
            if (!accepted)
            {
                LogInvalid();
            }

            if (accepted && options.GraceSeconds > 0)
            {
                Debug(() => remembered ? "this address is remembered" : "this address cannot be remembered");
            }

            // What was changed about his factors he hears once, at a login; what a program of his asks is none.
            IReadOnlyList<Notice> notices = [];
            if (accepted && request.Trusted && state is TotpEntry entry)
            {
                notices = entry.PendingNotices;
                entry.SetNoticesTold();
            }

            if (state.Changed && !Save(reading, accepted ? spent : null, out bool readOnly)
                && (!options.AllowReadOnly || !readOnly))
            {
                return CheckOutcome.Refused;
            }

            if (!accepted)
            {
                return outcome;
            }

            Proved = true;

            // The line that log watchers count as a login is written when it is one.
            conversation.Log(Priority.Info, $"Accepted google_authenticator for {_user}{_from}");
            if (!remembered)
            {
                conversation.Log(Priority.Error, "Failed to store grace_period timestamp in config");
            }

            foreach (Notice notice in notices)
            {
                conversation.Inform(notice.Text);
            }

            if (options.ForwardPass)
            {
                conversation.SetToken(password);
            }

            return outcome;
        }

        private void Debug(Func<string> text)
        {
            if (options.Debug)
            {
                conversation.Log(Priority.Info, "debug: " + text());
            }
        }

        private void LogInvalid() =>
            conversation.Log(Priority.Error, $"Invalid verification code for {_user}{_from}");

        /// <param name="readOnly">It failed because nothing can be written there, which allow_readonly forgives.</param>
        private bool Save(IAccountReading reading, (CodeKind, long)? spent, out bool readOnly)
        {
            readOnly = false;
            int error = reading.Save(spent, out string? step);
            _saved = true;
            if (error == 0)
            {
                Debug(() => $"\"{_account!.Path}\" was saved");
                return true;
            }

            readOnly = error is Errno.EROFS or Errno.EACCES or Errno.EPERM or Errno.ENOSPC or Errno.EDQUOT;
            string reason = step == "fit" ? $"it would outgrow {StateFile.MaxBytes} bytes" : Unistd.StrError(error);
            if (step == "create")
            {
                conversation.Log(Priority.Error, $"Failed to create tempfile \"{_account!.Path}~XXXXXX\": {reason}");
            }
            else if (step == "changed")
            {
                conversation.Log(Priority.Error,
                    $"Secret file \"{_account!.Path}\" changed while trying to use a one-time code");
                reason = "somebody else wrote it";
            }

            conversation.Log(Priority.Error, $"Failed to update secret file \"{_account!.Path}\": {reason}");
            if (error is Errno.EPERM or Errno.ENOSPC or Errno.EROFS or Errno.EIO or Errno.EDQUOT)
            {
                conversation.Tell($"Error \"{reason}\" while writing config");
            }

            return false;
        }

        /// <summary>Over the rate limit, or a limit that cannot be read. Says so to the user and in the log.</summary>
        /// <param name="count">This attempt is entered, where the caller is root.</param>
        private bool Blocked(IOtpState state, bool count)
        {
            switch (state.TryGetRateLimit(out RateLimit? limit))
            {
                case RateLimitState.Absent:
                    return false;
                case RateLimitState.Valid:
                    long seconds = RateLimits.Count(limit!, Now, out RateLimit counted);
                    if (seconds > 0)
                    {
                        conversation.Tell($"Too many tries. Try again in {seconds} seconds.");
                        conversation.Log(Priority.Error, $"Too many concurrent login attempts (\"{_account!.Path}\"). "
                            + $"Refused for {seconds} more seconds: {_user}{_from}");
                        return true;
                    }

                    if (count && request.Trusted)
                    {
                        state.SetRateLimit(counted);
                    }

                    return false;
                case RateLimitState.BadList:
                    conversation.Log(Priority.Error,
                        $"Invalid list of timestamps in RATE_LIMIT. Check for errors in \"{_account!.Path}\"");
                    return true;
                default:
                    conversation.Log(Priority.Error, $"Invalid RATE_LIMIT option. Check for errors in \"{_account!.Path}\"");
                    return true;
            }
        }

        /// <summary>A refusal costs the same search and the same write, whoever it is for.</summary>
        private void HideWhoIsEnrolled(CheckOutcome outcome, byte[]? answer, bool prefixAllowed)
        {
            if (outcome is CheckOutcome.Accepted || decoy is null)
            {
                return;
            }

            if (!_searched && options.LearnSkew && Answer.TrySplit(answer, 6, prefixAllowed, out _, out _))
            {
                decoy.Search(Now);
            }

            if (!_saved)
            {
                _ = decoy.Write(out IDisposable? rest); // it changes the time it takes, not the answer
                if (rest is not null)
                {
                    conversation.AfterVerdict(rest);
                }
            }
        }

        private static void Wipe(byte[]? answer) => CryptographicOperations.ZeroMemory(answer);
    }
}
