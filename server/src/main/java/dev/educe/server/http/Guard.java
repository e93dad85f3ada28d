package dev.educe.server.http;

/// Decides who may go on to a handler.
public interface Guard {
  /// Checks a request before its route is known: whence it comes, and for whom it is meant.
  ///
  /// @return whether it was answered, as those are that only ask what they may do
  /// @throws ApiException if it is refused
  boolean arrived(Exchange exchange);

  /// Checks a request for its route, and says who sent it.
  ///
  /// @throws ApiException if it is refused
  Caller identify(Exchange exchange, Route route);

  /// Counts a request of this caller.
  ///
  /// @return is run once the request is over
  /// @throws ApiException if there are too many
  Runnable enter(Exchange exchange, Route route);
}
