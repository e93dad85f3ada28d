/// What a model computes, as a value: layers, operations and the weights they want.
///
/// A decoder differs from Llama in few ways: what mixes tokens, what transforms one token, which
/// norms stand before and after. So a layer is a list of residual steps; a step is `h += scale · Σ
/// after(op(before(h)))` over its branches. Everything here is immutable but
/// [dev.educe.model.Hyperparameters], which remembers what it was asked while a description is
/// made. Nothing holds memory of tensors: loading and running belong to a backend.
package dev.educe.model;
