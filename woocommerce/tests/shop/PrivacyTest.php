<?php
/**
 * WordPress' privacy tools: what is kept of a customer's orders is given out and erased, when the order no longer needs it.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Privacy\PolicyText;
use Elmed\WooCommerce\Privacy\Privacy;
use WC_Order;

final class PrivacyTest extends TestCase {

	public function test_what_is_kept_is_given_out(): void {
		$order = $this->order( 'completed', 'ann@example.org' );
		$this->order( 'completed', 'bob@example.org' );
		$export = ( new Privacy() )->export( 'ann@example.org' );
		$this->assertTrue( $export['done'] );
		$this->assertCount( 1, $export['data'] );
		$this->assertSame( 'elmed-order-' . $order->get_id(), $export['data'][0]['item_id'] );
		$this->assertContains( 'released', array_column( $export['data'][0]['data'], 'value' ) );
	}

	public function test_what_is_kept_of_finished_orders_is_erased_and_the_order_stays(): void {
		$order = $this->order( 'completed', 'ann@example.org' );
		$other = $this->order( 'completed', 'bob@example.org' );
		$erased = ( new Privacy() )->erase( 'ann@example.org' );
		$this->assertSame( array( true, false, true ), array( $erased['items_removed'], $erased['items_retained'], $erased['done'] ) );
		$this->assertSame( array(), $this->kept( $order ) );
		$this->assertSame( 'completed', wc_get_order( $order->get_id() )->get_status() );
		$this->assertNotSame( array(), $this->kept( $other ) );
		$this->assertFalse( ( new Privacy() )->erase( 'ann@example.org' )['items_removed'] );
	}

	public function test_an_order_that_is_under_way_keeps_what_it_needs_and_says_so(): void {
		$order = $this->order( 'processing', 'ann@example.org' );
		$erased = ( new Privacy() )->erase( 'ann@example.org' );
		$this->assertSame( array( false, true, 1 ), array( $erased['items_removed'], $erased['items_retained'], count( $erased['messages'] ) ) );
		$this->assertNotSame( array(), $this->kept( $order ) );
	}

	public function test_more_orders_than_a_page_come_page_by_page(): void {
		for ( $number = 0; $number < 12; $number++ ) {
			$this->order( 'completed', 'ann@example.org' );
		}
		$privacy = new Privacy();
		$first   = $privacy->export( 'ann@example.org', 1 );
		$second  = $privacy->export( 'ann@example.org', 2 );
		$this->assertSame( array( 10, false, 2, true ), array( count( $first['data'] ), $first['done'], count( $second['data'] ), $second['done'] ) );
	}

	public function test_wordpress_knows_the_tools_and_the_text(): void {
		$this->assertArrayHasKey( 'elmed', apply_filters( 'wp_privacy_personal_data_exporters', array() ) );
		$this->assertArrayHasKey( 'elmed', apply_filters( 'wp_privacy_personal_data_erasers', array() ) );
		$this->assertStringContainsString( 'date of birth', PolicyText::html() );
	}

	private function order( string $status, string $email ): WC_Order {
		$order = wc_create_order();
		$order->set_billing_email( $email );
		$order->set_status( $status );
		$order->update_meta_data( '_elmed_order', (string) $order->get_id() );
		$order->update_meta_data( '_elmed_release', 'released' );
		$order->update_meta_data( '_elmed_record', array( 'prescription_id' => 7 ) );
		$order->save();
		return $order;
	}

	/** @return array<int, string> */
	private function kept( WC_Order $order ): array {
		$keys = array_map( static fn ( $meta ) => $meta->key, wc_get_order( $order->get_id() )->get_meta_data() );
		return array_values( array_filter( $keys, static fn ( $key ) => 0 === strpos( $key, '_elmed_' ) ) );
	}
}
