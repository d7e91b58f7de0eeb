import { z } from 'zod';

/** Pieces that the parts of the configuration have in common. */
export const HostPort = z
  .string()
  .regex(/^[^\s:/@]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'not host:port, such as localhost:9092');
export const text = (what: string) => z.string().min(1).describe(what);
export const milliseconds = (least: number, most: number, fallback: number, what: string) =>
  z.number().int().min(least).max(most).default(fallback).describe(`${what}, ms`);
export const count = (least: number, most: number, fallback: number, what: string) =>
  z.number().int().min(least).max(most).default(fallback).describe(what);
