/// What the server is told before it starts: a file, the environment and flags, in this order of
/// rising precedence, all by the same names.
package dev.educe.server.config;
