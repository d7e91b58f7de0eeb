output "delivery_stream_arn" {
  description = "Of the stream that carries the logs"
  value       = aws_kinesis_firehose_delivery_stream.logs.arn
}

output "backup_bucket" {
  description = "Where what could not be delivered goes"
  value       = aws_s3_bucket.backup.bucket
}
