/// The KV cache: pages, who owns them, and their memory.
///
/// A *page* holds the keys and values of consecutive tokens, in every layer. Sequences refer to
/// pages by number; memory is allocated once, at the start.
package dev.educe.cache;
