/// What a model writes back: content, reasoning and tool calls, told apart while it is written.
///
/// A [dev.educe.template.reply.ReplyFormat] describes how a family writes them, as data: markers,
/// and literals around names and arguments. A [dev.educe.template.reply.ReplyReader] follows that
/// description character by character, so how a reply is cut into pieces never changes what is
/// read; and the same description tells a grammar what to force.
///
/// Models are strangers, too: depth and everything held back are bounded, arguments are at any
/// moment the beginning of valid JSON, and what is no call after all is content.
///
/// This package uses no other.
package dev.educe.template.reply;
