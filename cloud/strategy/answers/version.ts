/** Changes with every change of a model: an answer can only be computed again by the version that gave it. */
export const ENGINE_VERSION = '6';
