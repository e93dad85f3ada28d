/// HTTP, and nothing of models: routes, bodies, errors and streams of events.
///
/// A handler is blocking code on a virtual thread of its own. Whatever it throws becomes an answer
/// in one place, [dev.educe.server.http.Front].
package dev.educe.server.http;
