package dev.educe.server;

import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.ServedModel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// One model that is always loaded, under two names.
record FakeCatalogue(String name, String alias, ServedModel model, AtomicReference<Duration> kept)
    implements Catalogue {
  private static final long CREATED_SECONDS = 1_700_000_000;

  FakeCatalogue(String name, String alias, ServedModel model) {
    this(name, alias, model, new AtomicReference<>(Duration.ofSeconds(-1)));
  }

  @Override
  public List<Entry> entries() {
    return List.of(new Entry(name, CREATED_SECONDS, 3));
  }

  @Override
  public Entry entry(String nameOrAlias) {
    if (!nameOrAlias.equals(name) && !nameOrAlias.equals(alias)) {
      throw new ApiException(ApiError.modelNotFound(nameOrAlias));
    }
    return entries().getFirst();
  }

  @Override
  public Lease lease(String nameOrAlias) {
    return new Use(entry(nameOrAlias).name(), model, kept);
  }

  @Override
  public Map<String, ServedModel> loaded() {
    return Map.of(name, model);
  }

  @Override
  public Optional<Duration> stays(String name) {
    return Optional.of(kept.get()).filter(time -> !time.isNegative());
  }

  @Override
  public void close() {}

  private record Use(String name, ServedModel model, AtomicReference<Duration> kept)
      implements Lease {
    @Override
    public void keep(Duration idle) {
      kept.set(idle);
    }

    @Override
    public void close() {}
  }
}
