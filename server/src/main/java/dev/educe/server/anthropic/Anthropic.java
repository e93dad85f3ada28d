package dev.educe.server.anthropic;

import dev.educe.server.generation.Service;
import dev.educe.server.http.Dialect;
import dev.educe.server.http.Handler;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.util.ArrayList;
import java.util.List;

/// The routes of Anthropic's API.
public final class Anthropic {
  private Anthropic() {}

  /// These routes beside others, some of which have the same address: whose a request is, its
  /// header `anthropic-version` says.
  public static List<Route> beside(List<Route> others, Service service) {
    var messages = new Messages(service);
    var models = new ModelList(service);
    var routes = new ArrayList<Route>();
    for (Route route : others) {
      routes.add(
          switch (route.path()) {
            case "/v1/models" -> either(models::list, route);
            case "/v1/models/{model}" -> either(models::one, route);
            default -> route;
          });
    }
    routes.add(Route.post("/v1/messages", Scope.INFERENCE, messages::answer));
    routes.add(Route.post("/v1/messages/count_tokens", Scope.INFERENCE, messages::count));
    return routes;
  }

  private static Route either(Handler ours, Route other) {
    return Route.get(
        other.path(),
        other.scope(),
        exchange ->
            (exchange.dialect() == Dialect.ANTHROPIC ? ours : other.handler()).handle(exchange));
  }
}
