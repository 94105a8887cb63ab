using Sallyport.Server.Commands;

return await CommandLine.RunAsync(args);
