/// Load for a server that speaks OpenAI's API: requests at chosen times, and what became of each.
package dev.educe.cli.load;
