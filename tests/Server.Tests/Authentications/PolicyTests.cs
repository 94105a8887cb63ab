using System.Net;
using Sallyport.Protocol;
using Sallyport.Server.Applications;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;
using Sallyport.Server.Users;

namespace Sallyport.Server.Tests.Authentications;

/// <summary>The policy alone: one that asks, and one bend a test.</summary>
public sealed class PolicyTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private readonly Application _application = new()
    {
        Id = new(Guid.Empty),
        IntegrationKey = "DIAAAAAAAAAAAAAAAAAA",
        Name = "bastion",
        ProtectedSecretKey = [],
        CreatedAt = _now,
    };

    private readonly User _alice = new()
    {
        Id = new(Guid.Empty),
        Key = "DUAAAAAAAAAAAAAAAAAA",
        Name = "alice",
        Status = UserStatus.Active,
        Groups = "staff ops",
        CreatedAt = _now,
    };

    private bool _hasDevice = true;
    private bool _hasBypassCode;
    private string? _ipaddr = "203.0.113.5";

    [Fact]
    public void Who_has_a_device_is_asked() => Assert.IsType<Ruling.Ask>(Decide());

    [Fact]
    public void A_user_that_says_nothing_of_its_status_is_disabled() =>
        Assert.Equal(UserStatus.Disabled, default);

    [Theory]
    [InlineData((int)UserStatus.Disabled)]
    [InlineData(99)]
    public void Who_is_disabled_is_denied_even_from_a_trusted_network(int status)
    {
        _alice.Status = (UserStatus)status;
        _application.TrustedNetworks = "0.0.0.0/0";
        Assert.Equal("user_disabled", Denied());
    }

    [Fact]
    public void Who_bypasses_is_let_in()
    {
        _alice.Status = UserStatus.Bypass;
        Assert.Equal(new Ruling.Allow("bypass_user", "bypass"), Decide());
    }

    [Theory]
    [InlineData("Staff")]
    [InlineData("sta")]
    [InlineData("staff,ops")]
    public void Who_is_in_no_group_of_the_application_is_denied_also_in_bypass(string groups)
    {
        _application.AllowedGroups = groups;
        _alice.Status = UserStatus.Bypass;
        Assert.Equal("user_not_in_permitted_group", Denied());
    }

    [Fact]
    public void One_group_of_several_is_enough()
    {
        _application.AllowedGroups = "admins  ops";
        Assert.IsType<Ruling.Ask>(Decide());
    }

    [Fact]
    public void Who_is_locked_out_is_denied_until_then()
    {
        _alice.LockedUntil = _now.AddSeconds(1);
        _application.TrustedNetworks = "203.0.113.0/24";
        Assert.Equal("locked_out", Denied());
        _alice.LockedUntil = _now;
        Assert.Equal(new Ruling.Allow("trusted_network", "allow"), Decide());
    }

    [Theory]
    [InlineData("203.0.113.5", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.5", "203.0.113.0/24")]
    [InlineData("2001:db8::1", "198.51.100.0/24 2001:db8::/32")]
    public void A_trusted_network_lets_in(string ipaddr, string networks)
    {
        (_ipaddr, _application.TrustedNetworks) = (ipaddr, networks);
        Assert.IsType<Ruling.Allow>(Decide());
    }

    [Theory]
    [InlineData("203.0.114.5")]
    [InlineData("trusted.example")]
    [InlineData("203.0.113.5.trusted.example")]
    [InlineData("203.0.113.005")]
    [InlineData("203.0.28933")]
    [InlineData("3405803781")]
    [InlineData("0xcb007105")]
    [InlineData(" 203.0.113.5")]
    [InlineData("203.0.113.5:22")]
    [InlineData("fe80::1%eth0")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_not_an_address_in_it_does_not(string? ipaddr)
    {
        (_ipaddr, _application.TrustedNetworks) = (ipaddr, "203.0.113.0/24 fe80::/10");
        Assert.IsType<Ruling.Ask>(Decide());
    }

    [Fact]
    public void The_hosts_own_address_opens_no_trusted_network()
    {
        _application.TrustedNetworks = "192.0.2.0/24";
        _ipaddr = null;
        Assert.IsType<Ruling.Ask>(Decide());
    }

    [Fact]
    public void A_network_that_cannot_be_read_contains_nobody()
    {
        _application.TrustedNetworks = "everywhere 203.0.113.5/33";
        Assert.IsType<Ruling.Ask>(Decide());
    }

    [Fact]
    public void Without_a_factor_that_is_taken_he_is_denied()
    {
        _application.AllowedFactors = "bypass";
        Assert.Equal("denied_by_policy", Denied());
        _hasBypassCode = true;
        Assert.IsType<Ruling.Ask>(Decide());
        _application.AllowedFactors = "telepathy";
        Assert.Equal("denied_by_policy", Denied());
    }

    [Fact]
    public void Who_is_unknown_is_denied() =>
        Assert.Equal("deny_unenrolled_user", ((Ruling.Deny)Policy.Decide(Attempt(), null, _now)).Reason);

    [Fact]
    public void Who_is_unknown_may_enrol_until_then()
    {
        _application.NewUsers = NewUserPolicy.Enrol;
        _application.EnrolUntil = _now.AddSeconds(1);
        Assert.IsType<Ruling.Enrol>(Policy.Decide(Attempt(), null, _now));
        _application.EnrolUntil = _now;
        Assert.IsType<Ruling.Deny>(Policy.Decide(Attempt(), null, _now));
        _application.EnrolUntil = null;
        Assert.IsType<Ruling.Deny>(Policy.Decide(Attempt(), null, _now));
    }

    [Fact]
    public void Who_has_nothing_enrols_only_if_invited()
    {
        _hasDevice = false;
        Assert.Equal("deny_unenrolled_user", Denied());
        (_alice.InvitationMac, _alice.InvitedUntil) = ([1], _now.AddSeconds(1));
        Assert.IsType<Ruling.Enrol>(Decide());
        _alice.InvitedUntil = _now;
        Assert.Equal("deny_unenrolled_user", Denied());
    }

    [Theory]
    [InlineData(@"DOM\alice", "alice")]
    [InlineData("alice@dom.example", "alice")]
    [InlineData(@"DOM\alice@x", "alice")]
    [InlineData("@", "@")]
    [InlineData("alice", "alice")]
    public void Simple_normalisation_leaves_the_user(string sent, string canonical)
    {
        Assert.Equal(canonical, UserName.Canonical(sent, UsernameNormalization.Simple));
        Assert.Equal(sent, UserName.Canonical(sent, UsernameNormalization.None));
    }

    private string Denied() => Assert.IsType<Ruling.Deny>(Decide()).Reason;

    private Ruling Decide() => Policy.Decide(
        Attempt(), new(_alice, _hasDevice ? [Device()] : [], _hasBypassCode), _now);

    private Attempt Attempt() => new()
    {
        Application = _application,
        Subject = new("alice", IsKey: false),
        SentName = "alice",
        Source = Source.Of(_ipaddr, IPAddress.Parse("192.0.2.7")),
    };

    private static Device Device() => new()
    {
        Id = new(Guid.Empty),
        Key = "DPAAAAAAAAAAAAAAAAAA",
        Kind = DeviceKind.Totp,
        Name = "phone",
        ProtectedSecret = [],
        Algorithm = OtpAlgorithm.Sha1,
        Digits = 6,
        Period = 30,
        CreatedAt = _now,
    };
}
