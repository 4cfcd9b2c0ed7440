<?php

/** What is to be reported could not be made out: thrown by DispenseRequest, with a reason of Orders\Words. */

namespace Elmed\WooCommerce\Orders;

final class CannotTell extends \RuntimeException
{
    public string $reason;
    public ?int $retry_after;

    public function __construct(string $reason, ?int $retryAfter = null)
    {
        parent::__construct($reason);
        $this->reason = $reason;
        $this->retry_after = $retryAfter;
    }
}
