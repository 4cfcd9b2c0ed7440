<?php
/**
 * The list of orders that somebody has to look at: the newest are on it, however many there are.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Orders\Alerts;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Tally;

require_once __DIR__ . '/OrdersCase.php';

final class OrdersAlertsTest extends OrdersCase {

	public function test_the_newest_are_shown_and_that_there_are_more(): void {
		$ids = array();
		for ( $number = 0; $number < 22; $number++ ) {
			$order = $this->order( array( array( $this->medicine, 1 ) ), 'on-hold' );
			OrderState::set( $order, array( OrderState::ALERT => 'yes' ) );
			$ids[] = $order->get_id();
		}
		$newest = array_reverse( array_slice( $ids, 2 ) );
		$this->assertSame( $newest, array_map( static fn( $order ) => $order->get_id(), Tally::alerts( 20 ) ) );

		$this->inAdmin();
		$shown = $this->printed( static fn() => ( new Alerts() )->show() );
		$this->assertStringContainsString( '>#' . $ids[21] . '<', $shown );
		$this->assertStringNotContainsString( '>#' . $ids[1] . '<', $shown );
		$this->assertStringContainsString( 'There are more', $shown );
	}
}
