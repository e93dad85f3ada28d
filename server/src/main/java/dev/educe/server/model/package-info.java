/// What handlers know of models: which there are, and how to have one generate.
///
/// Everything that handlers need of an engine is in [dev.educe.server.model.ServedModel] and
/// [dev.educe.server.model.Catalogue]; tests put a model of their own behind them.
package dev.educe.server.model;
