package dev.educe.model;

import dev.educe.format.ModelFormatException;
import java.util.Set;

/// A family of models: turns the hyperparameters of a checkpoint into a description.
///
/// The families that come with Educe are listed in `dev.educe.model.arch.Architectures`. Others
/// register theirs as a service of this type.
public interface Architecture {
  /// What checkpoints call it, in `general.architecture`.
  Set<String> names();

  /// What the model computes.
  ///
  /// Keys that change what a model computes and that were not asked for here are refused
  /// afterwards, so an implementation asks for each key that it knows how to honour.
  ///
  /// @throws ModelFormatException if a hyperparameter is missing, of the wrong type or impossible
  /// @throws dev.educe.format.UnsupportedModelException if it is valid but not supported
  Decoder describe(Hyperparameters h) throws ModelFormatException;
}
