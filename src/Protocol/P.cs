namespace Sallyport.Protocol;
/// <summary>x</summary>
public static class P;
