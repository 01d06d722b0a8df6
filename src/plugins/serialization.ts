import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

/**
 * Serializers of answers, each made when the first answer of its kind is. Most answers of most routes are problems that never come,
 * and making all serializers beforehand would be most of what a start costs.
 */
export const buildSerializers: ReturnType<typeof SerializerSelector> = (externalSchemas, options) => {
  const compile = SerializerSelector()(externalSchemas, options)
  return route => {
    let serialize: ReturnType<typeof compile> | null = null
    return (data: unknown) => (serialize ??= compile(route))(data)
  }
}
