package dev.educe.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// The table of routes. What is not in it is not there.
final class Router {
  private final List<Known> routes;

  /// A route and its path, cut once and for all.
  private record Known(Route route, List<String> segments) {
    static Known of(Route route) {
      return new Known(route, segmentsOf(route.path()));
    }

    /// What stands for the braces in a path, in order, if the path is this route's.
    Optional<List<String>> match(List<String> asked) {
      if (segments.size() != asked.size()) {
        return Optional.empty();
      }
      var values = new ArrayList<String>();
      for (int i = 0; i < asked.size(); i++) {
        if (segments.get(i).startsWith("{") && !asked.get(i).isEmpty()) {
          values.add(asked.get(i));
        } else if (!segments.get(i).equals(asked.get(i))) {
          return Optional.empty();
        }
      }
      return Optional.of(values);
    }
  }

  /// A route that was found.
  ///
  /// @param values what stands for the braces of its path
  record Match(Route route, List<String> values) {}

  Router(List<Route> routes) {
    this.routes = routes.stream().map(Known::of).toList();
  }

  List<Route> routes() {
    return routes.stream().map(Known::route).toList();
  }

  /// @param path as it came, with percent signs
  /// @throws ApiException if there is no such path, or not for this method
  Match find(String method, String path) {
    var segments = segmentsOf(path);
    for (Known known : routes) {
      var values = known.match(segments);
      if (values.isPresent() && known.route().method().equals(method)) {
        return new Match(known.route(), values.get().stream().map(Router::decoded).toList());
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
    var segments = segmentsOf(path);
    var methods = new TreeSet<String>();
    for (Known known : routes) {
      known.match(segments).ifPresent(_ -> methods.add(known.route().method()));
    }
    return String.join(", ", methods);
  }

  private static List<String> segmentsOf(String path) {
    return List.of(path.split("/", -1));
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
