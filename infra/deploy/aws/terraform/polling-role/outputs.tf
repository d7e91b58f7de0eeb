output "role_arn" {
  description = "For the source in Tripline's config"
  value       = aws_iam_role.polling.arn
}
