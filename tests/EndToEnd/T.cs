namespace X;
public sealed class T { [Xunit.Fact] public void A_b() => Xunit.Assert.Equal(2, 1+1); }
