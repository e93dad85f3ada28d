/// The server.
package dev.educe.server;
