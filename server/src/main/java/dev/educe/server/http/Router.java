package dev.educe.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;

/// The table of routes. What is not in it is not there.
final class Router {
  private final List<Route> routes;

  /// A route that was found.
  ///
  /// @param values what stands for the braces of its path
  record Match(Route route, List<String> values) {}

  Router(List<Route> routes) {
    this.routes = List.copyOf(routes);
  }

  List<Route> routes() {
    return routes;
  }

  /// @param path as it came, with percent signs
  /// @throws ApiException if there is no such path, or not for this method
  Match find(String method, String path) {
    var segments = Route.segments(path);
    for (Route route : routes) {
      var values = route.match(segments);
      if (values.isPresent() && route.method().equals(method)) {
        return new Match(route, values.get().stream().map(Router::decoded).toList());
      }
    }
    String allowed = allowed(path);
    if (allowed.isEmpty()) {
      throw notFound();
    }
    throw new ApiException(
        ApiError.of(
            405,
            ApiError.INVALID_REQUEST,
            "method_not_allowed",
            "This address answers to " + allowed + " only."));
  }

  /// The methods of a path, separated by commas; empty if there is no such path.
  String allowed(String path) {
    var segments = Route.segments(path);
    var methods = new TreeSet<String>();
    for (Route route : routes) {
      route.match(segments).ifPresent(_ -> methods.add(route.method()));
    }
    return String.join(", ", methods);
  }

  /// A segment is decoded after it was found, so that no encoding reaches another route.
  private static String decoded(String segment) {
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw notFound();
    }
  }

  static ApiException notFound() {
    return new ApiException(
        ApiError.of(
            404, ApiError.INVALID_REQUEST, "not_found", "There is nothing at this address."));
  }
}
