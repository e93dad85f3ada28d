/// A request while it is served, whatever API it came by: its texts under way, its tenant's budget,
/// silence and clients that leave, and conversations with their reasoning and calls of tools.
package dev.educe.server.generation;
