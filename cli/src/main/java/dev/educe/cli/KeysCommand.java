package dev.educe.cli;

import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe keys`: makes, lists and revokes the keys that `educe serve --keys` asks for.
@Command(
    name = "keys",
    description = {
      "Makes, lists and revokes API keys.",
      "",
      "A server that runs follows within a second."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    synopsisSubcommandLabel = "(create | list | revoke)",
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe keys create --keys keys.json --tenant alice",
      "  educe keys create --keys keys.json --scope metrics --note Prometheus",
      "  educe keys revoke --keys keys.json key_0123456789ab"
    })
final class KeysCommand implements Runnable {
  private static final int DAYS_MAX = 36_500;
  private static final long LIMIT_MAX = 1_000_000_000_000L;

  private final Console console;

  @Spec private CommandSpec spec;

  KeysCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say create, list or revoke");
  }

  @Command(
      name = "create",
      description = "Makes a key and prints it, once: only its hash is kept.",
      mixinStandardHelpOptions = true)
  int create(
      @Option(names = "--keys", paramLabel = "FILE", required = true) Path file,
      @Option(
              names = "--tenant",
              paramLabel = "NAME",
              defaultValue = "default",
              description = "Whose key it is; tenants have limits and cache of their own.")
          String tenant,
      @Option(
              names = "--scope",
              paramLabel = "SCOPE",
              defaultValue = "inference",
              description = "inference, metrics or admin; may be given more than once.")
          List<String> scopes,
      @Option(
              names = "--requests-per-minute",
              paramLabel = "N",
              defaultValue = "0",
              description = "0 is no limit.")
          long requests,
      @Option(names = "--tokens-per-minute", paramLabel = "N", defaultValue = "0") long tokens,
      @Option(names = "--concurrent", paramLabel = "N", defaultValue = "0") int concurrent,
      @Option(
              names = "--expires-days",
              paramLabel = "N",
              description = "Days that it is good for; for ever unless given.")
          Integer days,
      @Option(names = "--note", paramLabel = "TEXT", defaultValue = "") String note)
      throws IOException {
    var bounds = new Bounds(spec.commandLine().getSubcommands().get("create"));
    bounds.check("--requests-per-minute", requests, 0, LIMIT_MAX);
    bounds.check("--tokens-per-minute", tokens, 0, LIMIT_MAX);
    bounds.check("--concurrent", concurrent, 0, Integer.MAX_VALUE);
    if (days != null) {
      bounds.check("--expires-days", days, 1, DAYS_MAX);
    }
    var allowed = new TreeSet<Scope>();
    for (String scope : scopes) {
      allowed.add(scope(bounds, scope));
    }
    Instant now = Instant.now();
    var created =
        ApiKey.create(
            tenant,
            allowed,
            new Quota(requests, tokens, concurrent),
            now,
            Optional.ofNullable(days).map(count -> now.plus(Duration.ofDays(count))),
            note);
    new KeyFile(file)
        .change(keys -> {
          var all = new ArrayList<>(keys);
          all.add(created.key());
          return all;
        });
    console.println(created.secret());
    console.note("educe: made " + created.key().id() + "; the key above is not shown again");
    return ExitCode.OK;
  }

  private static Scope scope(Bounds bounds, String name) {
    var known = List.of("inference", "metrics", "admin");
    bounds.check(known.contains(name), "--scope", String.join(", ", known), name);
    return Scope.valueOf(name.toUpperCase(Locale.ROOT));
  }

  @Command(
      name = "list",
      description = "Lists the keys of a file, without what is secret of them.",
      mixinStandardHelpOptions = true)
  int list(
      @Option(names = "--keys", paramLabel = "FILE", required = true) Path file,
      @Option(names = "--json", description = "Print a JSON object.") boolean json)
      throws IOException {
    var keys = new KeyFile(file).read();
    if (json) {
      console.println(Json.write(Map.of("keys", keys.stream().map(KeysCommand::tree).toList())));
    } else {
      for (ApiKey key : keys) {
        var tree = tree(key);
        console.println(
            "%s  %s  %s  %s".formatted(key.id(), key.tenant(), tree.get("scopes"), key.note()));
      }
    }
    return ExitCode.OK;
  }

  private static Map<String, Object> tree(ApiKey key) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("id", key.id());
    tree.put("tenant", key.tenant());
    tree.put(
        "scopes",
        key.scopes().stream().sorted().map(s -> s.name().toLowerCase(Locale.ROOT)).toList());
    tree.put("requests_per_minute", key.quota().requestsPerMinute());
    tree.put("tokens_per_minute", key.quota().tokensPerMinute());
    tree.put("concurrent", key.quota().concurrent());
    tree.put("created", key.created().toString());
    tree.put("expires", key.expires().map(Instant::toString).orElse("never"));
    tree.put("note", key.note());
    return tree;
  }

  @Command(name = "revoke", description = "Takes a key away.", mixinStandardHelpOptions = true)
  int revoke(
      @Option(names = "--keys", paramLabel = "FILE", required = true) Path file,
      @Parameters(paramLabel = "ID", description = "As in the list: key_…") String id)
      throws IOException {
    var found = new AtomicBoolean();
    new KeyFile(file)
        .change(keys -> {
          var rest = new ArrayList<>(keys);
          found.set(rest.removeIf(key -> key.id().equals(id)));
          return rest;
        });
    if (!found.get()) {
      throw new IOException("there is no key " + id + " in " + file);
    }
    console.note("educe: revoked " + id);
    return ExitCode.OK;
  }
}
