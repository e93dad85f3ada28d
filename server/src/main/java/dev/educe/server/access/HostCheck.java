package dev.educe.server.access;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Tells the names that this server is called by from those that a web page made up.
///
/// A page can have its own name resolved to this machine, and then talk to it as if it were its own
/// server. It cannot do so with an address in place of a name: those are always good.
public final class HostCheck {
  private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  private final Set<String> names = new TreeSet<>();
  private final Set<String> origins = new TreeSet<>();

  /// @param names that are good besides `localhost`; `*` for all
  /// @param origins of web pages that may call, as `https://chat.example.org`; `*` for all
  public HostCheck(Collection<String> names, Collection<String> origins) {
    this.names.add("localhost");
    names.forEach(name -> this.names.add(name.toLowerCase(Locale.ROOT)));
    origins.forEach(origin -> this.origins.add(origin.toLowerCase(Locale.ROOT)));
  }

  /// Whether a request for this host is meant for us.
  ///
  /// @param host as in the header, perhaps with a port
  public boolean isOurs(String host) {
    String name = withoutPort(host.toLowerCase(Locale.ROOT));
    return isAddress(name) || names.contains(name) || names.contains("*");
  }

  /// Whether pages of this origin may call: those we allow by name, and our own.
  ///
  /// @param origin as in the header
  /// @param host that the request is for
  public boolean isWelcome(String origin, String host) {
    return isAllowed(origin) || isOwn(origin, host);
  }

  /// Whether pages of this origin were allowed by name.
  public boolean isAllowed(String origin) {
    return origins.contains(origin.toLowerCase(Locale.ROOT)) || origins.contains("*");
  }

  private static boolean isOwn(String origin, String host) {
    try {
      String authority = new URI(origin).getAuthority();
      return authority != null && authority.equalsIgnoreCase(host);
    } catch (URISyntaxException _) {
      return false;
    }
  }

  private static String withoutPort(String host) {
    int colon = host.lastIndexOf(':');
    return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
  }

  private static boolean isAddress(String name) {
    return name.startsWith("[") || ADDRESS.matcher(name).matches();
  }
}
