/// A server with a small model for clients to be tried with.
package dev.educe.compat;
