namespace Sallyport.Host;
/// <summary>x</summary>
public static class P;
