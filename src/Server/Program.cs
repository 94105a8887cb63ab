using System.CommandLine;

var root = new RootCommand("Sallyport's server: second factors for ssh, for hosts that speak Duo's protocol.");
return await root.Parse(args).InvokeAsync();
