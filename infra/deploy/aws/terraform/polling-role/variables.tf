variable "trusted_principal_arns" {
  description = "Who may take the role: the role of the task or machine that Tripline runs as"
  type        = list(string)

  validation {
    condition     = length(var.trusted_principal_arns) > 0 && !contains(var.trusted_principal_arns, "*")
    error_message = "Name whoever may take the role; * would let anybody."
  }
}

variable "external_id" {
  description = "externalId of the source in Tripline's config; null where the caller is of your own organisation"
  type        = string
  default     = null
}

variable "role_name" {
  description = "Name of the role"
  type        = string
  default     = "tripline-polling"
}

variable "log_group_patterns" {
  description = "Log groups that may be read, * allowed"
  type        = list(string)
  default     = ["/aws/lambda/*", "/aws/lambda-insights"]
}

variable "tags" {
  description = "Tags of the role"
  type        = map(string)
  default     = {}
}
