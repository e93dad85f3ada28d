package dev.educe.server.generation;

import dev.educe.server.Metrics;
import dev.educe.server.access.Budgets;
import dev.educe.server.model.Catalogue;
import java.time.Duration;

/// What the handlers of all APIs share.
///
/// @param catalogue of models
/// @param budgets of tenants
/// @param metrics where is counted
/// @param pace of all streams
/// @param heartbeat how long a stream may be silent
/// @param deadline how long a text may take in all; zero for any time
public record Service(
    Catalogue catalogue,
    Budgets budgets,
    Metrics metrics,
    Pace pace,
    Duration heartbeat,
    Duration deadline) {}
