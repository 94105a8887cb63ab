using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Host.Duo;

/// <summary>
/// Addresses of names. The C library waits as long as it likes, so a thread of its own asks it, one for a name, and
/// those who wait for the name wait as long as they like.
/// </summary>
/// <param name="ask">Null: the C library, by way of the framework.</param>
internal sealed class HostLookup(Func<string, IPAddress[]>? ask = null)
{
    private readonly Dictionary<string, Question> _questions = [];

    // Where a name was last. An account that takes all ports of this host away can make its name service fail: what is
    // found there then decides, and whether it is the server, its certificate does.
    private readonly ConcurrentDictionary<string, IPAddress[]> _last = [];

    /// <exception cref="IOException">There is no address; the message says why.</exception>
    public IPAddress[] Find(string name, long deadline, Func<bool> isGone, out WireEnd end)
    {
        end = WireEnd.None;
        if (IPAddress.TryParse(name, out IPAddress? address))
        {
            return [address];
        }

        Question question;
        lock (_questions)
        {
            if (!_questions.TryGetValue(name, out question!))
            {
                question = new Question();
                new Thread(() => Ask(name, question)) { IsBackground = true, Name = "name" }.Start();
                _questions[name] = question;
            }
        }

        lock (question)
        {
            while (question.Addresses is null)
            {
                long left = deadline - Environment.TickCount64;
                if (!Monitor.Wait(question, (int)Math.Clamp(left, 0, Wire.Slice)) && (left <= 0 || isGone()))
                {
                    end = left <= 0 ? WireEnd.Silent : WireEnd.Gone;
                    throw new IOException("Temporary failure in name resolution");
                }
            }

            if (question.Addresses.Length > 0)
            {
                return _last[name] = question.Addresses;
            }

            if (_last.TryGetValue(name, out IPAddress[]? last))
            {
                return last;
            }

            end = WireEnd.Lost;
            throw new IOException(question.Problem);
        }
    }

    private void Ask(string name, Question question)
    {
        IPAddress[] addresses = [];
        try
        {
            addresses = (ask ?? Dns.GetHostAddresses)(name);
        }
        catch (SocketException none)
        {
            question.Problem = none.SocketErrorCode is SocketError.TryAgain
                ? "Temporary failure in name resolution"
                : "Name or service not known";
        }
        catch (ArgumentException)
        {
            // Longer than a name can be: the usual words fit.
        }

        lock (_questions)
        {
            _questions.Remove(name);
        }

        lock (question)
        {
            question.Addresses = addresses;
            Monitor.PulseAll(question);
        }
    }

    private sealed class Question
    {
        public IPAddress[]? Addresses { get; set; }

        public string Problem { get; set; } = "Name or service not known";
    }
}
