/// Ollama's API: what clients of it send and expect, in terms of [dev.educe.server.model].
package dev.educe.server.ollama;
